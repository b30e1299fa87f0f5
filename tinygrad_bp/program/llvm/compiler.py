"""LLVM's text compiled to functions in memory: what is made once for a process, and once for each text."""

from __future__ import annotations

import ctypes
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")

# What older LLVMs cannot read, and compiled code may lack: pointers without a type, attributes, intrinsics, vectors.
_PROBE = """declare double @llvm.fabs.f64(double)
declare ptr @llvm.stacksave.p0()
declare void @llvm.stackrestore.p0(ptr)
declare double @exp(double) memory(none)
define double @probe(ptr noalias %xs) noinline {
  %before = call ptr @llvm.stacksave.p0()
  %at = getelementptr double, ptr %xs, i64 1
  %x = load double, ptr %at
  %v = insertelement <2 x double> poison, double %x, i32 0
  %w = fadd <2 x double> %v, %v
  %y = extractelement <2 x double> %w, i32 0
  %z = call double @llvm.fabs.f64(double %y)
  %e = call double @exp(double 0.0)
  %s = fadd double %z, %e
  call void @llvm.stackrestore.p0(ptr %before)
  ret double %s
}
"""
_FIRST_LLVM = (16,)


class Unusable(ImportError):
    """llvmlite is installed, but not so that it can be used; the message says why."""


class Compiler:
    """What compiles. There is one, `compiler()`.

    Attributes:
        width: the doubles in a vector register of this processor.
    """

    def __init__(self, llvm: Any) -> None:
        self._llvm = llvm
        self._lock = threading.Lock()
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        features = llvm.get_host_cpu_features()
        self.width = 8 if features.get("avx512f") else 4 if features.get("avx2") else 2
        self._target = llvm.Target.from_default_triple()
        self._cpu, self._features = llvm.get_host_cpu_name(), features.flatten()
        # One for all modules, with a machine of its own: those of engines are theirs.
        self._builder = llvm.create_pass_builder(
            self._machine(optimized=True), llvm.create_pipeline_tuning_options(speed_level=2)
        )
        # llvmlite's pass managers, which serve for one module, are never freed by themselves.
        self._free_passes = getattr(llvm.ffi.lib, "LLVMPY_DisposeNewModulePassManger", None)

    def _machine(self, optimized: bool) -> Any:
        return self._target.create_target_machine(
            cpu=self._cpu, features=self._features, opt=2 if optimized else 0, jit=True
        )

    def function(self, text: str, name: str, result: Any, *arguments: Any, optimized: bool = True) -> Any:
        """The function of that name in the text, as one of ctypes: its code lives as long as it does.

        Ctrl-C is heard meanwhile; what then is compiled to its end is thrown away. Raises RuntimeError where LLVM cannot read the text.
        """
        engine, context = _heard(lambda: self._engine(text, optimized))
        function = ctypes.CFUNCTYPE(result, *arguments)(engine.get_function_address(name))
        # Not by references from the function: among garbage in a circle Python would free a context before what lies in it.
        weakref.finalize(function, _free, engine, context).atexit = False
        return function

    def _engine(self, text: str, optimized: bool) -> tuple[Any, Any]:
        with self._lock:
            # A context keeps all numbers and types that its modules ever had, so each module has one of its own.
            context = self._llvm.create_context()
            module = self._llvm.parse_assembly(text, context)
            if optimized:
                self._optimize(module)
            engine = self._llvm.create_mcjit_compiler(module, self._machine(optimized))
            engine.finalize_object()
            return engine, context

    def _optimize(self, module: Any) -> None:
        passes = self._builder.getModulePassManager()
        passes.run(module, self._builder)
        if self._free_passes is not None:
            self._free_passes(passes)
            passes.detach()  # so that no later llvmlite frees it twice


def _free(engine: Any, context: Any) -> None:
    engine.close()
    context.close()


_found: list[Compiler | str] = []  # the compiler, or why there is none, once that is known
_finding = threading.Lock()


def compiler() -> Compiler:
    """The compiler, which is tried on a small function when it is first asked for.

    Raises ImportError without llvmlite, and `Unusable`, one too, with an llvmlite that cannot be used.
    """
    with _finding:
        if not _found:
            try:
                import llvmlite.binding as llvm
            except ModuleNotFoundError as error:
                raise ImportError("machine code needs llvmlite: pip install llvmlite") from error
            except (ImportError, OSError) as error:
                raise Unusable(f"machine code needs llvmlite, which cannot be loaded: {error}") from error
            _found.append(_tried(llvm))
    [found] = _found
    if isinstance(found, str):
        raise Unusable(found)
    return found


def _tried(llvm: Any) -> Compiler | str:
    try:
        if llvm.llvm_version_info < _FIRST_LLVM:  # which would write warnings about the probe
            raise RuntimeError(f"it holds LLVM {llvm.llvm_version_info[0]}")
        found = Compiler(llvm)
        probe = found.function(_PROBE, "probe", ctypes.c_double, ctypes.c_void_p)
        if probe((ctypes.c_double * 2)(0.0, -20.5)) == 42.0:
            return found
        reason = "what it compiles computes wrong numbers"
    except (RuntimeError, AttributeError, OSError) as error:
        reason = " ".join(str(error).split())[:120]
    import llvmlite

    return f"machine code needs llvmlite 0.45 or newer, and this is {llvmlite.__version__} ({reason})"


def _heard(work: Callable[[], T]) -> T:
    """What the work returns, done by a thread of its own: signals are handled between two steps of Python, of which LLVM makes none."""
    if threading.current_thread() is not threading.main_thread():
        return work()
    done: Future[T] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # handed to whoever waits
            done.set_exception(error)

    try:
        threading.Thread(target=run, name="tinygrad_bp compiles").start()
    except RuntimeError:  # at the end of the interpreter no thread begins
        return work()
    return done.result()

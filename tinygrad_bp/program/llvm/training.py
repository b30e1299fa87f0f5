"""Loops that change their own numbers, as LLVM's text: a program iterated, and gradient descent in batches of rows."""

from __future__ import annotations

from tinygrad_bp.program.instructions import Code
from tinygrad_bp.program.llvm.calls import Layout, Module, add_call, add_rows, call_with_row, load, put, store, write
from tinygrad_bp.program.llvm.writer import Real, Writer

ARGUMENTS = (
    "ptr noalias %state, ptr noalias %settings, ptr noalias %table, ptr %order, ptr %ends, i64 %count, "
    "ptr noalias %firsts, i64 %rows"
)


def iterated(code: Code, carried: int, settings: int, layout: Layout) -> str:
    """`run(state, settings, table, order, ends, count, firsts, rows)`: the program, so many times. Returns how many: fewer where `order`
    names a row that the table has not.

    Its inputs are the state, `carried` numbers, then the settings of this time, then a row of the table, the one that `order` names. Its
    outputs are a number to be recorded in `firsts` and the state of the next time. LLVM keeps the state in registers, if there are enough.
    """
    columns = len(code.inputs) - carried - settings
    if layout.blocks:
        return _iterated_calls(code, carried, settings, layout)
    head, loop, tail = Writer(prefix="h"), Writer(prefix="l", outline=layout.outline), Writer(prefix="t")
    for k in range(carried):
        head.do(f"%p{k} = alloca double")
        put(head, load(head, "%state", k), f"%p{k}")
    loop.do("%at = getelementptr i64, ptr %order, i64 %i")
    loop.do("%row = load i64, ptr %at")
    loop.do("%inside = icmp ult i64 %row, %rows")
    loop.do("br i1 %inside, label %there, label %done")
    loop.lines.append("there:\n")
    loop.do(f"%first = mul i64 %row, {columns}")
    loop.do("%cells = getelementptr double, ptr %table, i64 %first")
    loop.do(f"%turn = mul i64 %i, {settings}")
    loop.do("%now = getelementptr double, ptr %settings, i64 %turn")
    state = [Real(loop, loop.again(f"load double, ptr %p{k}")) for k in range(carried)]
    given = [load(loop, "%now", k) for k in range(settings)]
    cells = [load(loop, "%cells", k) for k in range(columns)]
    recorded, *after = write(code, loop, [*state, *given, *cells], 1 if layout.outline else layout.width)
    put(loop, recorded, loop.line("getelementptr double, ptr %firsts, i64 %i"))
    for k, x in enumerate(after):
        put(loop, x, f"%p{k}")
    for k in range(carried):
        store(tail, Real(tail, tail.again(f"load double, ptr %p{k}")), "%state", k)
    module = Module()
    module.add(_loop("".join(head.lines), "".join(loop.lines), "".join(tail.lines), "there"), head, loop, tail)
    return str(module)


def _iterated_calls(code: Code, carried: int, settings: int, layout: Layout) -> str:
    """The same by one call each time, for large programs."""
    head = f"""  %inputs = call ptr @malloc(i64 {8 * max(len(code.inputs), 1)})
  %results = call ptr @malloc(i64 {8 * len(code.outputs)})
  %given = getelementptr double, ptr %inputs, i64 {carried}
  %cells = getelementptr double, ptr %inputs, i64 {carried + settings}
  %after = getelementptr double, ptr %results, i64 1
  call void @llvm.memcpy.p0.p0.i64(ptr %inputs, ptr %state, i64 {8 * carried}, i1 false)
"""
    loop = f"""  %at = getelementptr i64, ptr %order, i64 %i
  %row = load i64, ptr %at
  %inside = icmp ult i64 %row, %rows
  br i1 %inside, label %there, label %done
there:
  %turn = mul i64 %i, {settings}
  %now = getelementptr double, ptr %settings, i64 %turn
  call void @llvm.memcpy.p0.p0.i64(ptr %given, ptr %now, i64 {8 * settings}, i1 false)
{call_with_row("%row", len(code.inputs) - carried - settings)}  %number = load double, ptr %results
  %numberplace = getelementptr double, ptr %firsts, i64 %i
  store double %number, ptr %numberplace
  call void @llvm.memcpy.p0.p0.i64(ptr %inputs, ptr %after, i64 {8 * carried}, i1 false)
"""
    tail = f"""  call void @llvm.memcpy.p0.p0.i64(ptr %state, ptr %inputs, i64 {8 * carried}, i1 false)
  call void @free(ptr %inputs)
  call void @free(ptr %results)
"""
    module = Module()
    module.add_memory()
    add_call(module, code, layout)
    module.add(_loop(head, loop, tail, "there"))
    return str(module)


def in_batches(code: Code, update: Code, parameters: int, settings: int, layout: Layout) -> str:
    """`run(state, settings, table, order, ends, count, firsts, rows)`: so many steps of gradient descent, each on a batch of rows.

    The outputs of `code` are a loss and its derivatives with respect to the first inputs, which are the parameters; the other inputs are a
    row of the table. Step i takes the mean over the rows that `order` names from place ends[i - 1] to ends[i]. `update` makes of a
    parameter, its derivative, what is remembered of it and the settings of this step the parameter and what is to be remembered. In the
    state lie all parameters, then for each quantity remembered a number for each parameter.
    """
    module = Module()
    add_rows(module, code, parameters, layout, total=True)
    _add_update(module, update, parameters, settings)
    columns, results = len(code.inputs) - parameters, len(code.outputs)
    head = f"""  %totals = call ptr @malloc(i64 {8 * results})
  %gradient = getelementptr double, ptr %totals, i64 1
  %none = call ptr @malloc(i64 8)
"""
    loop = f"""  %before = sub i64 %i, 1
  %beforeplace = getelementptr i64, ptr %ends, i64 %before
  %isfirst = icmp eq i64 %i, 0
  %startplace = select i1 %isfirst, ptr %none, ptr %beforeplace
  store i64 0, ptr %none
  %start = load i64, ptr %startplace
  %endplace = getelementptr i64, ptr %ends, i64 %i
  %end = load i64, ptr %endplace
  %size = sub i64 %end, %start
  %bytes = mul i64 %size, {8 * columns}
  %batch = call ptr @malloc(i64 %bytes)
  br label %gather
gather:
  %r = phi i64 [ 0, %step ], [ %rnext, %copy ]
  %copied = icmp ult i64 %r, %size
  br i1 %copied, label %copy, label %gathered
copy:
  %place = add i64 %start, %r
  %at = getelementptr i64, ptr %order, i64 %place
  %row = load i64, ptr %at
  %from = mul i64 %row, {columns}
  %fromplace = getelementptr double, ptr %table, i64 %from
  %to = mul i64 %r, {columns}
  %toplace = getelementptr double, ptr %batch, i64 %to
  call void @llvm.memcpy.p0.p0.i64(ptr %toplace, ptr %fromplace, i64 {8 * columns}, i1 false)
  %rnext = add i64 %r, 1
  br label %gather
gathered:
  call void @rows(ptr %state, ptr %batch, i64 %size, ptr %totals)
  call void @free(ptr %batch)
  %divisor = uitofp i64 %size to double
  br label %means
means:
  %k = phi i64 [ 0, %gathered ], [ %knext, %means ]
  %total = getelementptr double, ptr %totals, i64 %k
  %sum = load double, ptr %total
  %mean = fdiv double %sum, %divisor
  store double %mean, ptr %total
  %knext = add i64 %k, 1
  %meant = icmp ult i64 %knext, {results}
  br i1 %meant, label %means, label %meansdone
meansdone:
  %loss = load double, ptr %totals
  %lossplace = getelementptr double, ptr %firsts, i64 %i
  store double %loss, ptr %lossplace
  %turn = mul i64 %i, {settings}
  %now = getelementptr double, ptr %settings, i64 %turn
  call void @update(ptr %state, ptr %now, ptr %gradient)
"""
    module.add(_loop(head, loop, "  call void @free(ptr %totals)\n  call void @free(ptr %none)\n", "meansdone"))
    return str(module)


def _add_update(module: Module, update: Code, parameters: int, settings: int) -> None:
    """`update(state, settings, gradient)`: the update of every parameter."""
    kept = len(update.outputs) - 1
    head, loop = Writer(prefix="h"), Writer(prefix="l")
    given = [load(head, "%settings", k) for k in range(settings)]
    places = []
    for row in range(1 + kept):
        loop.do(f"%at{row} = add i64 %k, {row * parameters}")
        loop.do(f"%place{row} = getelementptr double, ptr %state, i64 %at{row}")
        places.append(f"%place{row}")
    old = [Real(loop, loop.again(f"load double, ptr {place}")) for place in places]
    loop.do("%derivativeplace = getelementptr double, ptr %gradient, i64 %k")
    derivative = Real(loop, loop.again("load double, ptr %derivativeplace"))
    inputs = [old[0], derivative, *old[1:], *[Real(loop, x.name) for x in given]]
    for place, x in zip(places, write(update, loop, inputs), strict=True):
        put(loop, x, place)
    module.add(
        f"""define internal void @update(ptr noalias %state, ptr noalias %settings, ptr noalias %gradient) noinline {{
entry:
{"".join(head.lines)}  br label %parameters
parameters:
  %k = phi i64 [ 0, %entry ], [ %next, %parameters ]
{"".join(loop.lines)}  %next = add i64 %k, 1
  %more = icmp ult i64 %next, {parameters}
  br i1 %more, label %parameters, label %done
done:
  ret void
}}
""",
        head,
        loop,
    )


def _loop(head: str, loop: str, tail: str, last: str) -> str:
    """The function `run`; `last` is the block that the text of the loop ends in."""
    return f"""define i64 @run({ARGUMENTS}) {{
entry:
{head}  br label %steps
steps:
  %i = phi i64 [ 0, %entry ], [ %following, %{last} ]
  %more = icmp ult i64 %i, %count
  br i1 %more, label %step, label %done
step:
{loop}  %following = add i64 %i, 1
  br label %steps
done:
{tail}  ret i64 %i
}}
"""

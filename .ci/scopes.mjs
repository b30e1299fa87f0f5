// Whether a script is another one with other names: node scopes.mjs TYPESCRIPT ONE OTHER. A name stands for what TypeScript finds that it does.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [, , typescript, ...paths] = process.argv;
const ts = createRequire(import.meta.url)(typescript);

/** What each word and text in a script is: an attribute or a name of the browser's by itself, another by the place of its declaration. */
function said(path) {
  const file = ts.createSourceFile("page.js", `${readFileSync(path, "utf8")}\nexport {};`, ts.ScriptTarget.ESNext, true);
  const host = {
    getSourceFile: (name) => (name === file.fileName ? file : undefined),
    getDefaultLibFileName: () => "",
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => "",
    getNewLine: () => "\n",
    useCaseSensitiveFileNames: () => true,
    fileExists: (name) => name === file.fileName,
    readFile: () => undefined,
    writeFile: () => undefined,
  };
  const options = { allowJs: true, noLib: true, types: [], target: ts.ScriptTarget.ESNext };
  const checker = ts.createProgram([file.fileName], options, host).getTypeChecker();
  const places = new Map();
  const found = [];
  const visit = (node) => {
    places.set(node, places.size);
    if (!node.getChildCount(file)) found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found.map((node) => {
    const own = node.getText(file);
    const { parent } = node;
    if (!ts.isIdentifier(node) || (parent.name === node && ts.isPropertyAccessExpression(parent))) return own;
    const inPair = ts.isShorthandPropertyAssignment(parent);
    const symbol = inPair ? checker.getShorthandAssignmentValueSymbol(parent) : checker.getSymbolAtLocation(node);
    const place = places.get(symbol?.valueDeclaration ?? symbol?.declarations?.[0]);
    const isKey = inPair || parent.propertyName === node || parent.name === node && (ts.isClassElement(parent) || ts.isObjectLiteralElement(parent));
    const isBoth = ts.isBindingElement(parent) && ts.isObjectBindingPattern(parent.parent) && !parent.propertyName && !parent.dotDotDotToken;
    return place === undefined || isKey || isBoth ? `${own} ${place}` : place;
  });
}

const [one, other] = paths.map(said);
const wrong = [...one.keys()].filter((k) => one[k] !== other[k]);
if (one.length !== other.length || wrong.length) {
  console.log(one.length, other.length, wrong.slice(0, 10).map((k) => [one[k], other[k]]));
  process.exit(1);
}

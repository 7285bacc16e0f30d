// Checks an F# file with Fable's type checker: node check.cjs node_modules file.fs
const fs = require("fs"), path = require("path");
const [modules, file] = process.argv.slice(2);
const copy = path.join(path.dirname(file), "fable.cjs");
fs.copyFileSync(path.join(modules, "fable-standalone/dist/bundle.min.js"), copy);
const fable = require(copy).init();
const folder = path.join(modules, "fable-metadata/lib");
const names = [...new Set(fs.readdirSync(folder).map(name => name.replace(/\.dll.*$/, "")))];
const read = name => new Uint8Array(fs.readFileSync(
  [".dll", ".dll.txt"].map(end => path.join(folder, path.basename(name).replace(/\.dll$/, "") + end)).find(fs.existsSync)));
const checker = fable.CreateChecker(names, read, []);
const result = fable.ParseAndCheckFileInProject(checker, "d.fs", "p.fsproj", ["d.fs"], [fs.readFileSync(file, "utf8")], []);
const errors = fable.GetErrors(result).filter(one => !one.IsWarning);
for (const one of errors) console.log(one.StartLineAlternate ?? one.StartLine, one.Message);
process.exit(errors.length ? 1 : 0);

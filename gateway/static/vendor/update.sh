#!/usr/bin/env bash
# Fetches the third-party scripts of the pages anew: as published, minified, one file each, with
# their licences. What is changed is what it takes to load them as ES modules without a build.
#
# Run it, look at the difference, run the browser tests, and set the versions in README.md.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fetch() {  # fetch <package@version> <file in it> <file here>
    local folder="$work/${3%.*}"
    mkdir -p "$folder"
    (cd "$work" && tar -xzf "$(npm pack --silent "$1")" -C "$folder" --strip-components 1)
    cp "$folder/$2" "$3"
    # A map is not shipped; without this line the browser would ask for it.
    sed -i '/^\/\/# sourceMappingURL=/d' "$3"
    cp "$folder/LICENSE" "${3%%.*}.LICENSE"
}

fetch preact@11.2.0 dist/preact.mjs preact.js
cp "$work/preact/hooks/dist/hooks.mjs" preact-hooks.js
sed -i -e 's|from"preact"|from"./preact.js"|' -e '/^\/\/# sourceMappingURL=/d' preact-hooks.js
fetch htm@3.1.1 dist/htm.module.js htm.js
fetch marked@18.2.1 lib/marked.esm.js marked.js
fetch dompurify@3.4.18 dist/purify.min.js purify.js
echo 'export default globalThis.DOMPurify;' >> purify.js
fetch @highlightjs/cdn-assets@11.12.0 es/highlight.min.js highlight.js
fetch temml@0.13.5 dist/temml.min.js temml.js
echo 'export default temml;' >> temml.js
fetch uplot@1.6.32 dist/uPlot.iife.min.js uplot.js
echo 'export default uPlot;' >> uplot.js
cp "$work/uplot/dist/uPlot.min.css" uplot.css
fetch swagger-ui-dist@5.35.0 swagger-ui-bundle.js swagger-ui.js
cat "$work/swagger-ui/NOTICE" "$work/swagger-ui/swagger-ui-bundle.js.LICENSE.txt" >> swagger-ui.LICENSE
cp "$work/swagger-ui/swagger-ui.css" swagger-ui.css
sed -i 's|/[*]# sourceMappingURL=.*[*]/||' swagger-ui.css

// The style sheet of reports.
#include "render/report_style.h"

namespace harmonium {

std::string_view report_style() {
  return R"css(
:root {
  color-scheme: light dark;
  --page: #f6f5f2; --surface: #ffffff; --ink: #1d2127; --soft: #5c6470; --line: #dfdcd5; --faint: #efede8;
  --accent: #0b5c8f; --accent-soft: #e4eff6;
  --warn: #8a4b00; --warn-surface: #fff4df; --warn-line: #e9a23b;
  --series-1: #0072b2; --series-2: #d55e00; --series-3: #009e73; --series-4: #c2609a;
  --series-5: #b58900; --series-6: #4aa3df; --series-7: #6a51a3; --series-8: #5f6670;
  --mono: ui-monospace, "SF Mono", "Cascadia Code", "Source Code Pro", Menlo, Consolas, "DejaVu Sans Mono",
    monospace;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14161a; --surface: #1c1f25; --ink: #e4e6ea; --soft: #9aa3af; --line: #333842; --faint: #252932;
    --accent: #7cc0ee; --accent-soft: #1c303f;
    --warn: #ffcf8a; --warn-surface: #33270f; --warn-line: #c98a2b;
    --series-1: #5ab0f0; --series-2: #ff8a4c; --series-3: #35c79b; --series-4: #e58fc0;
    --series-5: #e2bd4b; --series-6: #9fd3f7; --series-7: #b3a1e6; --series-8: #a8b0bc;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-padding-top: 1rem; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 1rem/1.6 var(--sans); overflow-wrap: break-word; text-rendering: optimizeLegibility;
}
a { color: var(--accent); text-underline-offset: .18em; }
a:focus-visible, summary:focus-visible, [tabindex]:focus-visible {
  outline: 2px solid var(--accent); outline-offset: 3px; border-radius: 3px;
}
.page { max-width: 52rem; margin: 0 auto; padding: 0 1.25rem 4rem; }
header { padding: 3.5rem 0 1.75rem; }
.made-by {
  margin: 0 0 .75rem; color: var(--accent); font-size: .8125rem; font-weight: 600; letter-spacing: .09em;
  text-transform: uppercase;
}
h1, h2, h3 { line-height: 1.2; letter-spacing: -.012em; text-wrap: balance; }
h1 { margin: 0; font-size: clamp(1.75rem, 1.2rem + 2.4vw, 2.625rem); letter-spacing: -.022em; font-weight: 700; }
h2 { margin: 3.25rem 0 1rem; padding-top: 1.25rem; border-top: 1px solid var(--line); font-size: 1.5rem; }
h3 { margin: 2rem 0 .75rem; font-size: 1.125rem; }
h2 a, h3 a { color: inherit; text-decoration: none; }
.subtitle { margin: .75rem 0 0; color: var(--soft); font-size: 1.125rem; text-wrap: pretty; }
p { margin: 0 0 1rem; max-width: 42rem; text-wrap: pretty; }
code, pre { font-family: var(--mono); font-size: .875em; }

nav { margin: 2rem 0 1.5rem; font-size: .9375rem; }
nav h2 { margin: 0 0 .5rem; padding: 0; border: 0; font-size: .8125rem; color: var(--soft); letter-spacing: 0; }
nav ol { margin: 0; padding: 0; list-style: none; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
nav a { display: block; padding: .125rem 0; text-decoration: none; }
nav a:hover { text-decoration: underline; }

.highlights {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)); gap: 1px; margin: 0 0 1.75rem;
  background: var(--line); border: 1px solid var(--line); border-radius: 12px; overflow: hidden;
}
.highlights div { background: var(--surface); padding: 1.125rem 1.25rem; }
.highlights dt { color: var(--soft); font-size: .875rem; line-height: 1.35; }
.highlights dd { margin: .25rem 0 0; font-size: 1.625rem; font-weight: 650; line-height: 1.2; letter-spacing: -.02em;
  font-variant-numeric: tabular-nums; }
.highlights dd.note { margin: .25rem 0 0; color: var(--soft); font-size: .8125rem; font-weight: 400; letter-spacing: 0;
  line-height: 1.4; }

figure { margin: 0 0 1.5rem; padding: 1rem; background: var(--surface); border: 1px solid var(--line);
  border-radius: 12px; }
figcaption { margin-top: .75rem; color: var(--soft); font-size: .875rem; line-height: 1.5; max-width: 44rem; }
figure img { display: block; max-width: 100%; height: auto; margin: 0 auto; border-radius: 4px;
  image-rendering: pixelated; }
figure img.large { image-rendering: auto; }
figure svg { display: block; width: 100%; height: auto; margin: 0 auto; }
.sheet figcaption { width: fit-content; margin-inline: auto; }
figure .narrow { display: none; }
.gallery { display: flex; flex-wrap: wrap; gap: 1rem; margin: 0 0 1.5rem; }
.gallery figure { flex: 1 1 auto; margin: 0; min-width: min(100%, 15rem); max-width: 100%; width: min-content; }

.scroll { overflow-x: auto; margin: 0 0 1.5rem; background: var(--surface); border: 1px solid var(--line);
  border-radius: 12px; }
table { border-collapse: collapse; width: 100%; font-size: .9375rem; line-height: 1.45;
  font-variant-numeric: tabular-nums; }
caption { padding: .875rem 1rem 0; color: var(--soft); font-size: .875rem; text-align: left; }
th, td { padding: .5rem 1rem; text-align: left; vertical-align: baseline; border-top: 1px solid var(--line); }
tbody tr:first-child th, tbody tr:first-child td { border-top-color: var(--line); }
table:not(:has(thead)) tr:first-child > * { border-top: 0; }
thead th { border-top: 0; color: var(--soft); font-size: .8125rem; font-weight: 600; vertical-align: bottom; }
tbody th { font-weight: 500; }
.number { text-align: right; white-space: nowrap; }
th.key { width: 32%; min-width: 8rem; color: var(--soft); font-weight: 400; }
td.value { font-weight: 600; white-space: nowrap; text-align: right; }
td.note { color: var(--soft); }
.provenance { display: flex; flex-wrap: wrap; gap: .25rem 1rem; padding: .75rem 1rem; border-top: 1px solid var(--line);
  background: var(--faint); color: var(--soft); font-size: .8125rem; line-height: 1.5; }
.provenance code { color: var(--ink); font-size: .8125rem; overflow-wrap: anywhere; }

.block { margin: 0 0 1.5rem; padding: 0; overflow: hidden; }
.block figcaption { margin: 0; max-width: none; padding: .625rem 1rem; border-bottom: 1px solid var(--line); background: var(--faint); }
pre { margin: 0; padding: 1rem; overflow-x: auto; line-height: 1.55; font-size: .8125rem; tab-size: 4; }

.warning { position: relative; margin: 0 0 1.25rem; padding: .875rem 1.125rem .875rem 1.25rem; color: var(--warn);
  background: var(--warn-surface); border: 1px solid var(--warn-line); border-left-width: 6px; border-radius: 8px; }
.warning p { margin: 0; }
.warning strong { display: block; font-size: .8125rem; letter-spacing: .02em; }

details { margin: 0 0 1.5rem; border: 1px solid var(--line); border-radius: 12px; background: var(--surface); }
summary { padding: .75rem 1rem; cursor: pointer; font-weight: 600; border-radius: 12px; }
summary:hover { color: var(--accent); }
details[open] > summary { border-bottom: 1px solid var(--line); border-radius: 12px 12px 0 0; }
.inside { padding: 1rem; }
.inside > :last-child { margin-bottom: 0; }
.inside h2 { margin-top: 1.5rem; border: 0; padding: 0; font-size: 1.25rem; }
.inside > h2:first-child, .inside > h3:first-child { margin-top: 0; }

footer { margin-top: 4rem; padding-top: 1.25rem; border-top: 1px solid var(--line); color: var(--soft);
  font-size: .875rem; }

@media (min-width: 75rem) {
  .page { max-width: 70rem; display: grid; grid-template-columns: 12.5rem minmax(0, 1fr); column-gap: 4rem; }
  header, .opening, footer { grid-column: 1 / -1; }
  header, .opening { margin-left: 16.5rem; }
  footer { margin-left: 16.5rem; }
  nav { grid-column: 1; grid-row: 3; align-self: start; position: sticky; top: 2rem; margin-top: 3.25rem;
    padding-top: 1.25rem; border-top: 1px solid var(--line); }
  nav ol { flex-direction: column; gap: .25rem; }
  main { grid-column: 2; grid-row: 3; }
  .page.plain { display: block; max-width: 52rem; }
  .plain header, .plain .opening, .plain footer { margin-left: 0; }
}
@media (max-width: 40rem) {
  .page { padding: 0 1rem 3rem; }
  header { padding-top: 2rem; }
  h2 { margin-top: 2.5rem; font-size: 1.3125rem; }
  nav ol { flex-direction: column; gap: 0; }
  nav a { padding: .375rem 0; }
  figure { padding: .75rem; }
  figure:has(.narrow) .wide { display: none; }
  figure .narrow { display: block; }
  .highlights { grid-template-columns: 1fr 1fr; }
  .highlights div { padding: .875rem 1rem; }
  .highlights dd { font-size: 1.375rem; }
  th, td { padding: .5rem .75rem; }
  .inside { padding: .75rem; }
}
@media (max-width: 60rem) and (max-resolution: 1.5dppx) {
  figure img { image-rendering: auto; }
}
@media (prefers-color-scheme: dark) {
  figure img { filter: brightness(.93); }
}
@media print {
  :root {
    color-scheme: light;
    --page: #fff; --surface: #fff; --ink: #000; --soft: #444; --line: #ccc; --faint: #f5f5f5; --accent: #000;
    --warn: #000; --warn-surface: #fff; --warn-line: #888;
    --series-1: #0072b2; --series-2: #d55e00; --series-3: #009e73; --series-4: #c2609a;
    --series-5: #b58900; --series-6: #4aa3df; --series-7: #6a51a3; --series-8: #5f6670;
  }
  @page { margin: 18mm 16mm; }
  body { font-size: 10pt; }
  .page { max-width: none; display: block; padding: 0; }
  header { padding-top: 0; }
  header, .opening, footer { margin-left: 0; }
  nav { display: none; }
  h2, h3, figcaption, summary { break-after: avoid; }
  figure, tr, .warning, .highlights { break-inside: avoid; }
  .block { break-inside: auto; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  .scroll { overflow: visible; }
  figure img { filter: none; }
}
)css";
}

}  // namespace harmonium

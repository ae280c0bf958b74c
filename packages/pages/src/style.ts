/** Screen and paper alike: no external font, image or script, so that a report still opens in ten years. */
export const style = `
:root { --ink:#1c2733; --muted:#5c6b7a; --line:#dfe5ec; --soft:#f5f7fa; --accent:#0b5cad; --warn:#8a4b08; --warn-bg:#fff6e8; }
* { box-sizing:border-box; }
html { font-size:16px; }
body { margin:0; color:var(--ink); background:#fff; font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,Helvetica,Arial,sans-serif; }
main { max-width:62rem; margin:0 auto; padding:2.5rem 1.5rem 4rem; }
header { border-bottom:2px solid var(--ink); padding-bottom:1.25rem; margin-bottom:1.5rem; }
.kicker { margin:0; color:var(--muted); font-size:.8rem; letter-spacing:.06em; text-transform:uppercase; }
h1 { margin:.2rem 0 .4rem; font-size:1.9rem; line-height:1.2; overflow-wrap:anywhere; }
h2 { margin:2.6rem 0 .8rem; font-size:1.25rem; border-bottom:1px solid var(--line); padding-bottom:.35rem; break-after:avoid; }
h3 { margin:1.4rem 0 .5rem; font-size:1rem; break-after:avoid; }
p { margin:.5rem 0; max-width:48rem; }
code { font:0.86em/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace; }
.whole { overflow-wrap:anywhere; }
.facts { display:grid; grid-template-columns:repeat(4,1fr); gap:0; margin:1.2rem 0 0; border:1px solid var(--line); border-radius:6px; overflow:hidden; }
.facts > div { padding:.7rem .9rem; border-right:1px solid var(--line); }
.facts > div:last-child { border-right:0; }
.facts dt { color:var(--muted); font-size:.78rem; }
.facts dd { margin:.1rem 0 0; font-size:1.25rem; font-weight:600; font-variant-numeric:tabular-nums; }
.facts dd small { font-size:.8rem; font-weight:400; color:var(--muted); }
.warn { margin:1.2rem 0; padding:.8rem 1rem; border-left:4px solid #d9822b; background:var(--warn-bg); break-inside:avoid; }
.warn ul { margin:.3rem 0 0; padding-left:1.1rem; }
.warn strong { color:var(--warn); }
dl.answers { margin:0; display:grid; grid-template-columns:13rem 1fr; column-gap:1.5rem; }
dl.answers > dt { font-weight:600; padding:.65rem 0; border-top:1px solid var(--line); }
dl.answers > dd { margin:0; padding:.65rem 0; border-top:1px solid var(--line); }
dl.answers > dt:first-of-type, dl.answers > dd:first-of-type { border-top:0; }
.plots { display:grid; grid-template-columns:1fr 1fr; gap:1.2rem 1.5rem; }
figure { margin:0; break-inside:avoid; min-width:0; }
figure.wide { grid-column:1/-1; }
figcaption { font-size:.85rem; color:var(--muted); margin-bottom:.25rem; }
figcaption strong { color:var(--ink); }
figure svg { max-width:100%; height:auto; display:block; }
.scroll { overflow-x:auto; }
table { border-collapse:collapse; width:100%; font-size:.86rem; margin:.4rem 0 1rem; }
th { text-align:left; font-weight:600; color:var(--muted); font-size:.78rem; border-bottom:1px solid var(--ink); padding:.35rem .7rem .35rem 0; vertical-align:bottom; white-space:nowrap; }
td { border-bottom:1px solid var(--line); padding:.32rem .7rem .32rem 0; vertical-align:top; }
.n { text-align:right; font-variant-numeric:tabular-nums; white-space:nowrap; }
td.n { padding-right:.9rem; } th.n { padding-right:.9rem; }
td.l { white-space:nowrap; }
tr { break-inside:avoid; }
tr.this td { background:#eef5fc; }
.grid tbody th { border-bottom:1px solid var(--line); font-weight:400; }
thead { display:table-header-group; }
.grid { break-inside:avoid; }
.grid td, .grid th { text-align:center; padding:.25rem .3rem; }
.grid td:first-child, .grid th:first-child { text-align:left; padding-left:0; }
.yes { color:var(--accent); } .no { color:#c0392b; font-weight:600; }
.none { color:var(--muted); }
small { color:var(--muted); }
@media screen and (max-width:70rem) { td small { display:block; } }
a { color:var(--accent); }
ul { padding-left:1.2rem; }
.deny { color:#b03a2e; font-weight:600; } .allow { color:#1d6f42; font-weight:600; }
.muted { color:var(--muted); font-size:.86rem; }
footer { margin-top:3rem; padding-top:1rem; border-top:1px solid var(--line); color:var(--muted); font-size:.82rem; }
@media screen and (max-width:44rem) { main { padding:1.5rem 1rem 3rem; } figure.wide svg { max-width:none; } .facts { grid-template-columns:1fr 1fr; } .facts > div { border-bottom:1px solid var(--line); } .plots { grid-template-columns:1fr; } dl.answers { grid-template-columns:1fr; } dl.answers > dd { border-top:0; padding-top:0; } }
@page { size:A4; margin:16mm 15mm; }
@media print {
  html { font-size:11.5px; }
  main { max-width:none; padding:0; }
  .scroll { overflow:visible; }
  dl.answers > dt, dl.answers > dd, table:not(:has(tbody tr:nth-child(16))) { break-inside:avoid; }
  a { color:inherit; text-decoration:none; }
  .warn, .facts, .allow, .deny, .yes, .no { -webkit-print-color-adjust:exact; print-color-adjust:exact; }
}
`;

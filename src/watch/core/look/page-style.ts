/** What every page of a look carries: styles and marks. No name in it, nothing fetched. */

const LIGHT = `
--paper:#fbfcfb;--raised:#fff;--sunken:#f0f3f2;--ink:#14191a;--ink-2:#465054;--ink-3:#5f696d;
--rule:#dfe4e2;--rule-2:#c3cbc8;--edge:#7d888c;--ok:#1a6b45;--degraded:#855000;--degraded-fill:#c67c00;
--failed:#ad241c;--failed-fill:#c9372c;--failed-wash:#fcebe8;--degraded-wash:#fcf2de;--unknown:#566065;
--unknown-hatch:#98a3a7;--unknown-wash:#eceff0;--glyph-cut:#fff;--on-degraded:#1d1400;--focus:#0a6fb0`;

const DARK = `
--paper:#101415;--raised:#171c1e;--sunken:#1a2022;--ink:#e9eded;--ink-2:#b3bcbe;--ink-3:#949fa2;
--rule:#252c2f;--rule-2:#384145;--edge:#6f7b7f;--ok:#6cc898;--degraded:#e6b455;--degraded-fill:#d99a2b;
--failed:#ff9488;--failed-fill:#ee6a5c;--failed-wash:#331816;--degraded-wash:#2b2110;--unknown:#a5b0b3;
--unknown-hatch:#6c787c;--unknown-wash:#1e2426;--glyph-cut:#101415;--on-degraded:#1d1400;--focus:#8fd0ff`;

const PRINT = `
--paper:#fff;--raised:#fff;--sunken:#fff;--ink:#000;--ink-2:#333;--ink-3:#4d4d4d;--rule:#ccc;
--rule-2:#999;--edge:#666;--ok:#14522f;--degraded:#6b4000;--degraded-fill:#6b4000;--failed:#8c1a13;
--failed-fill:#8c1a13;--failed-wash:#fff;--degraded-wash:#fff;--unknown:#444;--unknown-hatch:#777;
--unknown-wash:#fff;--glyph-cut:#fff;--on-degraded:#fff`;

/** Colours by theme and by name, for the test that computes their contrast. */
export const THEMES: Readonly<Record<'light' | 'dark' | 'print', string>> = {
  light: LIGHT,
  dark: DARK,
  print: PRINT,
};

export const STYLE = `
:root{color-scheme:light dark;${LIGHT};
--sans:"Inter",system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",sans-serif;
--mono:ui-monospace,"SF Mono","Cascadia Mono","JetBrains Mono","DejaVu Sans Mono","Liberation Mono",monospace}
@media (prefers-color-scheme:dark){:root{${DARK}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;background:var(--paper)}
body{margin:0;background:var(--paper);color:var(--ink);font:400 14px/1.45 var(--sans);
font-variant-numeric:tabular-nums;font-feature-settings:"tnum","cv05","ss03";overflow-wrap:anywhere}
h1,h2,p,ul,dl,dd{margin:0;padding:0}
ul{list-style:none}
b{font-weight:600}
code{font-family:var(--mono);font-size:.92em;font-variant-ligatures:none}
:focus-visible{outline:2px solid var(--focus);outline-offset:2px;border-radius:3px}
.vh{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.nw{white-space:nowrap}
.wrap{max-width:1240px;margin:0 auto;padding:0 40px}
.top{border-bottom:1px solid var(--rule)}
.top .wrap{display:flex;flex-wrap:wrap;align-items:center;gap:4px 10px;padding-top:17px;padding-bottom:17px}
.top svg{width:20px;height:20px}
.top b{font-size:15px;font-weight:650;letter-spacing:-.01em}
.top span{color:var(--ink-3);font-size:13px;padding-left:10px;border-left:1px solid var(--rule-2)}
.asof{background:var(--sunken);border-bottom:1px solid var(--rule);font-size:13px;color:var(--ink-2)}
.asof .wrap{padding-top:10px;padding-bottom:10px}
.asof p{display:flex;flex-wrap:wrap;align-items:baseline;gap:1px 18px}
.asof b{color:var(--ink)}
.asof .gone{display:none}
.asof .g{align-self:center;margin-right:-11px}
.stale .asof{background:var(--unknown-wash);box-shadow:inset 0 3px 0 var(--unknown)}
.stale .asof .gone{display:flex}.stale .asof .holds{display:none}
.band{border-bottom:1px solid var(--rule)}
.band li{padding:11px 0 11px 23px;position:relative;border-bottom:1px solid var(--rule)}
.band li:last-child{border:0}
.band details{margin:0 0 8px 23px}
.band .g{position:absolute;left:0;top:14px}
.band .what{color:var(--ink)}.band .fix{color:var(--ink-2)}
.g{width:14px;height:14px;flex:none;display:inline-block;vertical-align:-2px}
.is{display:block;font-size:13px;font-weight:600}
.then{display:none}
.stale .now{display:none}.stale .then{display:inline-block}
.was,.is.was{display:none}.stale .was{display:inline}.stale .is.was{display:block}
.ok{color:var(--ok)}.degraded,.held{color:var(--degraded)}.failed,.lost{color:var(--failed)}.unknown{color:var(--unknown)}
.degraded .g,.held .g{color:var(--degraded-fill)}.failed .g{color:var(--failed-fill)}
.stale .g.then{color:var(--unknown)}
.say{font-size:26px;line-height:1.26;letter-spacing:-.021em;font-weight:400;color:var(--ink);text-wrap:pretty;
max-width:32em;padding-top:32px}
.basis{color:var(--ink-3);font-size:13px;margin-top:8px;max-width:100ch;text-wrap:pretty}
.stale .say{color:var(--ink-3)}.stale .loss,.stale .is,.stale .band b,.stale .row p>b:first-child{color:var(--unknown)}
section{margin-top:36px}
h2{font-size:14px;font-weight:620;letter-spacing:-.005em;padding-bottom:8px;border-bottom:1px solid var(--rule-2)}
h2 i{font-style:normal;font-weight:400;color:var(--ink-3);padding-left:6px}
.lead{color:var(--ink-3);font-size:13px;padding-top:10px;max-width:88ch}
.sub{display:block;color:var(--ink-3);font-size:13px;margin-top:1px}
.mono{font-family:var(--mono);font-size:.92em;font-weight:600;font-variant-ligatures:none}
table{width:100%;border-collapse:collapse;table-layout:fixed}
th{text-align:left;font-weight:500;font-size:12px;color:var(--ink-3);padding:8px 24px 8px 0;vertical-align:bottom;
border-bottom:1px solid var(--rule-2)}
td,tbody th{padding:12px 24px 12px 0;border-bottom:1px solid var(--rule);vertical-align:top}
tbody th{font-size:14px;color:var(--ink);font-weight:600}
tr.grp th{font-size:12px;color:var(--ink-3);font-weight:400;padding:14px 0 8px}
tr.grp b{color:var(--ink-2)}
th:last-child,td:last-child{padding-right:0}
.c1{width:30%}.c3{width:17%}
.host{padding-left:23px;position:relative}
.host>.g{position:absolute;left:0;top:15px}
.host .sub{font-weight:400}.host .name{color:var(--ink)}
.loss{font-weight:600}.quiet{font-weight:400;color:var(--ink)}
.loss .g{margin-right:6px}
.also{margin-top:6px}.also .loss{font-weight:500}
.pips{display:inline-flex;gap:3px;vertical-align:-1px;margin-right:7px}
.pips i{width:9px;height:9px;border-radius:2px;border:1.5px solid var(--edge)}
.pips i.on{background:var(--ink-2);border-color:var(--ink-2)}
.pips.zero i{border-color:var(--failed-fill)}.pips.unk i{border-style:dashed}
.stale .pips i{border:1.5px dashed var(--edge);background:none}
details{margin-top:7px}
summary{cursor:pointer;font-size:13px;color:var(--ink-2);width:fit-content;min-height:24px;padding:2px 0}
summary:hover{color:var(--ink)}
.data{padding:4px 0 4px 15px}
.data li{padding:5px 0;font-size:13px}
.data .mono{font-weight:500}
.pair{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:0 64px}
.row{display:grid;grid-template-columns:minmax(72px,118px) minmax(0,1fr);gap:2px 20px;padding:11px 0;border-bottom:1px solid var(--rule)}
.row:last-child{border:0}
.row .who{font-weight:600}
.row .who .g{margin-right:7px}
.row p{max-width:88ch;text-wrap:pretty}
.row p+p{margin-top:3px;color:var(--ink-2)}
.fix b{color:var(--ink);padding-right:5px}
.cmd{background:var(--sunken);border-radius:3px;padding:2px 6px;font-size:12.5px;color:var(--ink);-webkit-box-decoration-break:clone;box-decoration-break:clone}
.wide{grid-template-columns:minmax(72px,176px) minmax(0,1fr)}
.size{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 16px;padding:11px 0;border-bottom:1px solid var(--rule)}
.size:last-child{border:0}
.size>.sub{flex-basis:100%}
.foot{margin-top:48px;border-top:1px solid var(--rule);padding:16px 0 32px;color:var(--ink-3);font-size:13px}
.foot .wrap{display:flex;flex-wrap:wrap;gap:4px 24px}
@media screen and (max-width:980px){.pair{grid-template-columns:minmax(0,1fr)}}
@media screen and (max-width:760px){
.wrap{padding:0 16px}.say{font-size:22px;padding-top:24px}section{margin-top:28px}
table,tbody,tr,th,td{display:block}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
tbody tr{padding:12px 0;border-bottom:1px solid var(--rule)}
td,tbody th,tr.grp th{padding:0;border:0}
td{padding:6px 0 0 23px}
.host>.g{top:3px}
tr.grp{padding:14px 0 8px}
.c1,.c3{width:auto}
td[data-l]::before{content:attr(data-l) " ";color:var(--ink-3);font-size:13px}
.row,.wide{grid-template-columns:minmax(0,1fr)}
}
@media print{
:root{${PRINT}}
@page{margin:12mm}html{zoom:.72}.say{padding-top:16px}section{margin-top:22px}.foot{margin-top:24px}.wrap{max-width:none;padding:0}
tr,.row,.size,.band li{break-inside:avoid}td,tbody th{padding-top:8px;padding-bottom:8px}.row,.size{padding-top:7px;padding-bottom:7px}.host>.g{top:11px}.pair{gap:0 40px}h2{break-after:avoid}
.asof{border:1px solid var(--rule)}.asof .wrap{padding:8px 12px}summary{list-style:none}
svg,.pips i{-webkit-print-color-adjust:exact;print-color-adjust:exact}
}
`;

/** Drawn once, used by name: a filled mark says what is, an outlined one what would be. */
export const SYMBOLS = `<svg width="0" height="0" aria-hidden="true" class="vh"><defs>
<pattern id="hatch" width="3" height="3" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="3" height="3" fill="var(--unknown-wash)"/><rect width="1.3" height="3" fill="var(--unknown-hatch)"/></pattern>
<symbol id="logo" viewBox="0 0 24 24"><g fill="none" stroke="currentColor" stroke-width="2.2" stroke-linecap="round"><path d="M12 2v20"/><path d="M12 9c0 6-3.4 8.6-8 10"/><path d="M12 9c0 6 3.4 8.6 8 10"/></g></symbol>
<symbol id="ok" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="currentColor"/><path d="M4.8 8.3l2.2 2.2 4.2-4.7" fill="none" stroke="var(--glyph-cut)" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"/></symbol>
<symbol id="degraded" viewBox="0 0 16 16"><path d="M8 1.2L15.3 14H.7z" fill="currentColor" stroke="currentColor" stroke-linejoin="round"/><path d="M8 5.6v4" stroke="var(--on-degraded)" stroke-width="1.7" stroke-linecap="round"/><circle cx="8" cy="11.9" r="1" fill="var(--on-degraded)"/></symbol>
<symbol id="failed" viewBox="0 0 16 16"><rect x="1" y="1" width="14" height="14" rx="2.5" fill="currentColor"/><path d="M5.2 5.2l5.6 5.6M10.8 5.2l-5.6 5.6" stroke="var(--glyph-cut)" stroke-width="1.8" stroke-linecap="round"/></symbol>
<symbol id="unknown" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6.3" fill="url(#hatch)" stroke="currentColor" stroke-width="1.4" stroke-dasharray="2.6 1.6"/></symbol>
<symbol id="held" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="currentColor"/><path d="M6 5.2v5.6M10 5.2v5.6" stroke="var(--on-degraded)" stroke-width="1.9" stroke-linecap="round"/></symbol>
<symbol id="lost" viewBox="0 0 16 16"><rect x="1.9" y="1.9" width="12.2" height="12.2" rx="2" fill="none" stroke="currentColor" stroke-width="1.8"/></symbol>
</defs></svg>`;

/** Of the above, in the page's own policy. The test computes it and says the new one. */
export const STYLE_SHA256 = 'VvPFYtrasOHqZW4JaY6F5ExhsrnRPuqeKaMUPn1GTds=';

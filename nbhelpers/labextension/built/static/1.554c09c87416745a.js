"use strict";(self.rspackChunk_headstart_nb_labextension=self.rspackChunk_headstart_nb_labextension||[]).push([[1],{31(e,r,o){var a=o(32),s=o.n(a),t=o(33),i=(o.n(t))()(s());i.push([e.id,`/* Headstart in JupyterLab. All colors come from the theme, but for those of series and states: Okabe and Ito's, which people with
   a color vision deficiency tell apart, lightened where the theme is dark. */

body {
  --hs-series-0: #0072b2;
  --hs-series-1: #d55e00;
  --hs-series-2: #007a59;
  --hs-series-3: #a34f80;
  --hs-series-4: #8a6a00;
  --hs-series-5: #2f7fb0;
  --hs-right: #007a59;
  --hs-wrong: #b84d00;
  --hs-failed: #b3261e;
  --hs-magic: #8a1fd1;
}

body[data-jp-theme-light='false'] {
  --hs-series-0: #56b4e9;
  --hs-series-1: #ff9a4d;
  --hs-series-2: #2fcf9f;
  --hs-series-3: #e79fc6;
  --hs-series-4: #e6c34d;
  --hs-series-5: #9cc9e8;
  --hs-right: #2fcf9f;
  --hs-wrong: #ff9a4d;
  --hs-failed: #ff8a80;
  --hs-magic: #d79bff;
}

/* Cells */

.hs-code-magic {
  color: var(--hs-magic);
  font-weight: bold;
}

.hs-code-flag {
  color: var(--jp-mirror-editor-attribute-color, var(--jp-ui-font-color1));
}

.hs-code-shell {
  color: var(--jp-mirror-editor-variable-2-color, var(--jp-ui-font-color1));
  font-style: italic;
}

/* Runs in outputs */

.hs-output {
  padding: 4px 0;
}

.hs-card {
  border: var(--jp-border-width) solid var(--jp-border-color2);
  border-radius: 4px;
  padding: 10px 12px;
  max-width: 780px;
  color: var(--jp-ui-font-color1);
  background: var(--jp-layout-color1);
  font-family: var(--jp-ui-font-family);
  font-size: var(--jp-ui-font-size1);
}

.hs-card-header {
  display: flex;
  gap: 10px;
  align-items: center;
}

.hs-card-title {
  font-weight: 600;
  overflow-wrap: anywhere;
}

.hs-card-summary,
.hs-notes {
  color: var(--jp-ui-font-color2);
  margin: 4px 0;
}

.hs-notes {
  padding-left: 18px;
}

.hs-state {
  border-radius: 9px;
  padding: 1px 8px;
  font-size: var(--jp-ui-font-size0);
  white-space: nowrap;
  border: 1px solid currentcolor;
}

.hs-state::before {
  content: '● ';
}

.hs-state-running {
  color: var(--hs-series-0);
}

.hs-state-done {
  color: var(--hs-right);
}

.hs-state-done::before {
  content: '✓ ';
}

.hs-state-stopped {
  color: var(--jp-ui-font-color2);
}

.hs-state-stopped::before {
  content: '■ ';
}

.hs-state-failed,
.hs-error {
  color: var(--hs-failed);
}

.hs-state-failed::before {
  content: '✗ ';
}

.hs-progress {
  width: 100%;
  height: 8px;
  accent-color: var(--hs-series-0);
}

.hs-charts {
  display: flex;
  flex-wrap: wrap;
  gap: 8px;
}

.hs-chart {
  flex: 1 1 280px;
  min-width: 0;
  max-width: 380px;
  width: auto;
  height: auto;
  font-family: var(--jp-ui-font-family);
  font-size: 11px;
  fill: var(--jp-ui-font-color2);
}

.hs-chart-wide {
  max-width: 760px;
}

.hs-chart-title {
  font-size: 12px;
  font-weight: 600;
  fill: var(--jp-ui-font-color1);
}

.hs-grid {
  stroke: var(--jp-border-color2);
  stroke-width: 1;
}

.hs-best {
  stroke: var(--jp-ui-font-color2);
  stroke-dasharray: 2 3;
}

.hs-best-label {
  font-size: 10px;
}

.hs-line {
  fill: none;
  stroke: currentcolor;
  stroke-width: 1.75;
}

[class*='hs-series-'] {
  fill: currentcolor;
}

polyline[class*='hs-series-'] {
  fill: none;
}

.hs-series-0 {
  color: var(--hs-series-0);
}

.hs-series-1 {
  color: var(--hs-series-1);
}

.hs-series-2 {
  color: var(--hs-series-2);
}

.hs-series-3 {
  color: var(--hs-series-3);
}

.hs-series-4 {
  color: var(--hs-series-4);
}

.hs-series-5 {
  color: var(--hs-series-5);
}

.hs-fold summary {
  cursor: pointer;
  padding: 3px 0;
}

.hs-table-frame {
  max-height: 260px;
  overflow: auto;
}

.hs-table {
  border-collapse: collapse;
  font-variant-numeric: tabular-nums;
}

.hs-table th,
.hs-table td {
  padding: 2px 10px;
  text-align: right;
}

.hs-table thead th {
  border-bottom: 1px solid var(--jp-border-color1);
}

.hs-best-row {
  font-weight: 600;
  background: var(--jp-layout-color2);
}

.hs-facts {
  display: grid;
  grid-template-columns: max-content 1fr;
  gap: 2px 14px;
  margin: 2px 0 6px;
}

.hs-facts dt {
  color: var(--jp-ui-font-color2);
}

.hs-facts dd {
  margin: 0;
  overflow-wrap: anywhere;
}

.hs-buttons {
  display: flex;
  flex-wrap: wrap;
  gap: 6px;
  margin-top: 6px;
}

.hs-button {
  border: 1px solid var(--jp-border-color1);
  border-radius: 3px;
  padding: 2px 9px;
  color: var(--jp-ui-font-color1);
  background: var(--jp-layout-color1);
  font: inherit;
  cursor: pointer;
}

.hs-button:hover {
  background: var(--jp-layout-color2);
}

.hs-button:disabled {
  opacity: 0.5;
  cursor: default;
}

.hs-button:focus-visible,
.hs-tile:focus-visible,
.hs-drop:focus-visible,
.hs-cell:focus-visible,
.hs-search:focus-visible,
.hs-status-button:focus-visible,
.hs-table-frame:focus-visible,
.hs-fold summary:focus-visible {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: 1px;
}

.hs-doubts {
  display: grid;
  grid-template-columns: repeat(auto-fill, minmax(150px, 1fr));
  gap: 12px;
  margin: 8px 0 0;
  padding: 0;
  list-style: none;
}

.hs-doubt {
  display: flex;
  flex-direction: column;
}

.hs-doubt img {
  width: 96px;
  height: 96px;
}

/* Side panels */

.hs-panel {
  overflow: auto;
  padding: 8px 10px;
  color: var(--jp-ui-font-color1);
  background: var(--jp-layout-color1);
  font-size: var(--jp-ui-font-size1);
}

.hs-panel-title {
  margin: 0 0 6px;
  font-size: var(--jp-ui-font-size1);
  font-weight: 600;
}

.hs-message {
  margin: 4px 0;
  color: var(--jp-ui-font-color2);
  overflow-wrap: anywhere;
}

.hs-message:empty {
  display: none;
}

.hs-message.hs-error {
  color: var(--hs-failed);
}

.hs-run-list {
  list-style: none;
  margin: 0;
  padding: 0;
}

.hs-run {
  border-top: 1px solid var(--jp-border-color2);
  padding: 7px 0;
}

.hs-run-name {
  display: flex;
  gap: 6px;
  align-items: center;
  font-weight: 600;
  overflow-wrap: anywhere;
}

.hs-run-head {
  display: flex;
  justify-content: space-between;
  align-items: center;
  margin-top: 4px;
}

.hs-run-text {
  color: var(--jp-ui-font-color2);
}

.hs-panel select {
  max-width: 130px;
  color: var(--jp-ui-font-color1);
  background: var(--jp-layout-color1);
  border: 1px solid var(--jp-border-color1);
  border-radius: 3px;
}

.hs-grid-view {
  display: grid;
  grid-template-columns: repeat(auto-fill, minmax(68px, 1fr));
  gap: 4px;
  margin-top: 8px;
}

.hs-tile {
  display: flex;
  flex-direction: column;
  padding: 3px;
  border: 2px solid transparent;
  border-radius: 3px;
  font-size: var(--jp-ui-font-size0);
  cursor: pointer;
  overflow: hidden;
}

.hs-tile span {
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.hs-tile img {
  width: 100%;
  aspect-ratio: 1;
}

.hs-tile[aria-selected='true'] {
  border-color: var(--jp-brand-color1);
  background: var(--jp-layout-color2);
}

.hs-right {
  color: var(--hs-right);
}

.hs-wrong {
  color: var(--hs-wrong);
}

.hs-pages {
  display: flex;
  gap: 8px;
  align-items: center;
  justify-content: center;
  margin-top: 8px;
}

.hs-search {
  flex: 1 1 110px;
  min-width: 0;
  padding: 2px 5px;
  color: var(--jp-ui-font-color1);
  background: var(--jp-input-background, var(--jp-layout-color1));
  border: 1px solid var(--jp-border-color1);
  border-radius: 3px;
  font: inherit;
}

.hs-folder {
  flex-basis: 100%;
}

.hs-check {
  display: flex;
  gap: 5px;
  align-items: center;
  margin: 4px 0;
}

.hs-filters {
  margin: 0 0 8px;
}

.hs-filters[hidden],
.hs-settings[hidden],
.hs-bars[hidden],
.hs-capture form[hidden],
.hs-video[hidden],
.hs-preview[hidden] {
  display: none;
}

.hs-run-columns {
  display: flex;
  flex-wrap: wrap;
  justify-content: space-between;
  column-gap: 10px;
  overflow-wrap: anywhere;
}

.hs-settings {
  margin: 6px 0;
}

.hs-settings-table {
  width: 100%;
  font-size: var(--jp-ui-font-size0);
}

.hs-settings-table th,
.hs-settings-table td {
  padding: 2px 4px;
}

.hs-settings-table td {
  overflow-wrap: anywhere;
}

.hs-settings-table th[scope='row'] {
  text-align: left;
  font-weight: normal;
  color: var(--jp-ui-font-color2);
}

.hs-settings-table .hs-differs > * {
  background: var(--jp-layout-color2);
  color: var(--jp-ui-font-color1);
  font-weight: 600;
}

.hs-mark {
  color: var(--hs-wrong);
}

/* Images of the browser */

.hs-drop {
  margin: 6px 0;
  padding: 14px 8px;
  border: 2px dashed var(--jp-border-color1);
  border-radius: 4px;
  color: var(--jp-ui-font-color2);
  text-align: center;
}

.hs-drop-over {
  border-color: var(--jp-brand-color1);
  background: var(--jp-layout-color2);
}

.hs-video,
.hs-preview {
  display: block;
  max-width: 100%;
  max-height: 260px;
  margin: 6px auto;
  border-radius: 4px;
}

.hs-bars {
  margin: 6px 0;
  padding: 0;
  list-style: none;
}

.hs-bar {
  display: grid;
  grid-template-columns: minmax(56px, 30%) 1fr max-content;
  gap: 6px;
  align-items: center;
  padding: 2px 0;
}

.hs-bar-class {
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.hs-bar-track {
  height: 12px;
  border-radius: 3px;
  background: var(--jp-layout-color3);
  overflow: hidden;
}

.hs-bar-fill {
  display: block;
  height: 100%;
  background: var(--hs-series-0);
}

.hs-bar-value {
  min-width: 58px;
  text-align: right;
  white-space: nowrap;
  font-variant-numeric: tabular-nums;
}

.hs-bar-best {
  font-weight: 600;
}

.hs-class-list {
  display: flex;
  flex-direction: column;
  margin: 6px 0;
}

.hs-class {
  display: flex;
  gap: 6px;
  align-items: center;
  padding: 2px 0;
}

.hs-class-name {
  flex: 1;
  overflow-wrap: anywhere;
}

.hs-class-count {
  color: var(--jp-ui-font-color2);
  white-space: nowrap;
}

.hs-hold[aria-pressed='true'] {
  color: var(--hs-failed);
  border-color: var(--hs-failed);
  font-weight: 600;
}

.hs-captured-list,
.hs-judged-list {
  padding: 0;
  list-style: none;
}

.hs-captured {
  position: relative;
}

.hs-captured img {
  display: block;
  width: 100%;
  aspect-ratio: 1;
  border-radius: 3px;
}

.hs-delete {
  position: absolute;
  top: 2px;
  right: 2px;
  padding: 0 6px;
}

/* Confusion matrices */

.hs-confusion-frame {
  overflow: auto;
  max-height: 560px;
}

.hs-confusion th {
  max-width: 120px;
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.hs-confusion td.hs-cell {
  --hs-cell: var(--hs-series-0);

  min-width: 42px;
  text-align: center;
  cursor: pointer;
  background: color-mix(in srgb, var(--hs-cell) var(--hs-fraction), transparent);
}

.hs-confusion td.hs-cell-wrong {
  --hs-cell: var(--hs-series-1);
}

.hs-judged {
  cursor: default;
}

.hs-judged span {
  white-space: normal;
  overflow-wrap: anywhere;
}

/* Status bar and wizard */

.hs-status {
  display: flex;
  align-items: center;
}

.hs-status-button {
  border: 0;
  padding: 0 6px;
  color: inherit;
  background: none;
  font: inherit;
  font-size: var(--jp-ui-font-size1);
  cursor: pointer;
}

.hs-status-button:hover {
  background: var(--jp-layout-color3);
}

.hs-wizard {
  display: flex;
  flex-direction: column;
  gap: 8px;
  min-width: 520px;
}

.hs-field {
  display: flex;
  flex-direction: column;
  gap: 3px;
}

.hs-wizard-row {
  display: flex;
  gap: 6px;
}

.hs-wizard-row input {
  flex: 1;
}

.hs-wizard-folders {
  display: flex;
  flex-wrap: wrap;
  gap: 4px;
  max-height: 120px;
  overflow-y: auto;
}

.hs-wizard-folders[hidden],
.hs-wizard-classic[hidden] {
  display: none;
}

.hs-wizard-classic {
  display: flex;
  flex-direction: column;
  gap: 10px;
}

.hs-wizard > *,
.hs-wizard-classic > * {
  flex: none;
}

.hs-wizard .hs-button {
  border: 1px solid var(--jp-border-color1);
  padding: 2px 9px;
}

.hs-wizard-hints {
  display: flex;
  flex-wrap: wrap;
  column-gap: 14px;
  max-width: 560px;
  margin: -6px 0 0;
  color: var(--jp-ui-font-color2);
}

/* The whole output, its prompt included. */
.jp-OutputArea-child:has(> .hs-folded),
.jp-OutputArea-child:has(.jp-OutputArea-output > .hs-folded) {
  display: none;
}

/* The panel of variables */

.hs-variable-filter {
  box-sizing: border-box;
  width: 100%;
  margin-bottom: 6px;
  padding: 3px 6px;
  color: var(--jp-ui-font-color1);
  background: var(--jp-layout-color1);
  border: 1px solid var(--jp-border-color1);
  border-radius: 3px;
}

.hs-variable-list {
  margin: 0;
  padding: 0;
  list-style: none;
}

/* Name, type, size and a button in one line, the value below: a sidebar is narrow. */
.hs-variable {
  display: grid;
  grid-template-columns: minmax(40px, auto) minmax(0, 1fr) auto auto;
  gap: 2px 8px;
  align-items: baseline;
  padding: 4px 0;
  border-bottom: var(--jp-border-width) solid var(--jp-border-color2);
}

.hs-variable-type,
.hs-variable-value {
  overflow: hidden;
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
  text-overflow: ellipsis;
  white-space: nowrap;
}

.hs-variable-type,
.hs-variable-size {
  color: var(--jp-ui-font-color2);
}

.hs-variable-value {
  grid-column: 1 / -1;
}
`,""]),o.d(r,{},{A:i})},33(e){e.exports=function(e){var r=[];return r.toString=function(){return this.map(function(r){var o="",a=void 0!==r[5];return r[4]&&(o+="@supports (".concat(r[4],") {")),r[2]&&(o+="@media ".concat(r[2]," {")),a&&(o+="@layer".concat(r[5].length>0?" ".concat(r[5]):""," {")),o+=e(r),a&&(o+="}"),r[2]&&(o+="}"),r[4]&&(o+="}"),o}).join("")},r.i=function(e,o,a,s,t){"string"==typeof e&&(e=[[null,e,void 0]]);var i={};if(a)for(var n=0;n<this.length;n++){var l=this[n][0];null!=l&&(i[l]=!0)}for(var p=0;p<e.length;p++){var d=[].concat(e[p]);a&&i[d[0]]||(void 0!==t&&(void 0===d[5]||(d[1]="@layer".concat(d[5].length>0?" ".concat(d[5]):""," {").concat(d[1],"}")),d[5]=t),o&&(d[2]&&(d[1]="@media ".concat(d[2]," {").concat(d[1],"}")),d[2]=o),s&&(d[4]?(d[1]="@supports (".concat(d[4],") {").concat(d[1],"}"),d[4]=s):d[4]="".concat(s)),r.push(d))}},r}},32(e){e.exports=function(e){return e[1]}},24(e,r,o){o.r(r);var a=o(25),s=o.n(a),t=o(26),i=o.n(t),n=o(27),l=o.n(n),p=o(28),d=o.n(p),h=o(29),c=o.n(h),u=o(30),f=o.n(u),x=o(31),g={};g.styleTagTransform=f(),g.setAttributes=d(),g.insert=l().bind(null,"head"),g.domAPI=i(),g.insertStyleElement=c(),s()(x.A,g);let v=x.A&&x.A.locals?x.A.locals:void 0;o.d(r,{},{default:v})},25(e){var r=[];function o(e){for(var o=-1,a=0;a<r.length;a++)if(r[a].identifier===e){o=a;break}return o}function a(e,a){for(var s={},t=[],i=0;i<e.length;i++){var n=e[i],l=a.base?n[0]+a.base:n[0],p=s[l]||0,d="".concat(l," ").concat(p);s[l]=p+1;var h=o(d),c={css:n[1],media:n[2],sourceMap:n[3],supports:n[4],layer:n[5]};if(-1!==h)r[h].references++,r[h].updater(c);else{var u=function(e,r){var o=r.domAPI(r);return o.update(e),function(r){r?(r.css!==e.css||r.media!==e.media||r.sourceMap!==e.sourceMap||r.supports!==e.supports||r.layer!==e.layer)&&o.update(e=r):o.remove()}}(c,a);a.byIndex=i,r.splice(i,0,{identifier:d,updater:u,references:1})}t.push(d)}return t}e.exports=function(e,s){var t=a(e=e||[],s=s||{});return function(e){e=e||[];for(var i=0;i<t.length;i++){var n=o(t[i]);r[n].references--}for(var l=a(e,s),p=0;p<t.length;p++){var d=o(t[p]);0===r[d].references&&(r[d].updater(),r.splice(d,1))}t=l}}},27(e){var r={};e.exports=function(e,o){var a=function(e){if(void 0===r[e]){var o=document.querySelector(e);if(window.HTMLIFrameElement&&o instanceof window.HTMLIFrameElement)try{o=o.contentDocument.head}catch(e){o=null}r[e]=o}return r[e]}(e);if(!a)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");a.appendChild(o)}},29(e){e.exports=function(e){var r=document.createElement("style");return e.setAttributes(r,e.attributes),e.insert(r,e.options),r}},28(e,r,o){e.exports=function(e){var r=o.nc;r&&e.setAttribute("nonce",r)}},26(e){e.exports=function(e){if("u"<typeof document)return{update:function(){},remove:function(){}};var r=e.insertStyleElement(e);return{update:function(o){var a,s,t;a="",o.supports&&(a+="@supports (".concat(o.supports,") {")),o.media&&(a+="@media ".concat(o.media," {")),(s=void 0!==o.layer)&&(a+="@layer".concat(o.layer.length>0?" ".concat(o.layer):""," {")),a+=o.css,s&&(a+="}"),o.media&&(a+="}"),o.supports&&(a+="}"),(t=o.sourceMap)&&"u">typeof btoa&&(a+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(t))))," */")),e.styleTagTransform(a,r,e.options)},remove:function(){var e;null===(e=r).parentNode||e.parentNode.removeChild(e)}}}},30(e){e.exports=function(e,r){if(r.styleSheet)r.styleSheet.cssText=e;else{for(;r.firstChild;)r.removeChild(r.firstChild);r.appendChild(document.createTextNode(e))}}}}]);
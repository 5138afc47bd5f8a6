"use strict";(self.rspackChunk_headstart_nb_labextension=self.rspackChunk_headstart_nb_labextension||[]).push([[266],{646(r,e,o){var t=o(601),s=o.n(t),a=o(314),n=(o.n(a))()(s());n.push([r.id,`/* Headstart in JupyterLab. All colours come from the theme, but for those of series: Okabe and Ito's, which people with
   a colour deficiency tell apart, lightened where the theme is dark. */

body {
  --hs-series-0: #0072b2;
  --hs-series-1: #d55e00;
  --hs-series-2: #007a59;
  --hs-series-3: #a34f80;
  --hs-series-4: #8a6a00;
  --hs-series-5: #2f7fb0;
  --hs-right: #007a59;
  --hs-wrong: #b84d00;
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
}

/* Cells */

.hs-code-magic {
  color: var(--jp-mirror-editor-meta-color, var(--jp-ui-font-color1));
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
  color: var(--jp-error-color0, var(--jp-error-color1));
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
  max-width: 100%;
  height: auto;
  font-family: var(--jp-ui-font-family);
  font-size: 11px;
  fill: var(--jp-ui-font-color2);
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
.hs-status-button:focus-visible,
.hs-table-frame:focus-visible,
.hs-fold summary:focus-visible {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: 1px;
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
  color: var(--jp-error-color0, var(--jp-error-color1));
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
  grid-template-columns: repeat(auto-fill, minmax(84px, 1fr));
  gap: 6px;
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
  gap: 10px;
  min-width: 380px;
}

.hs-field {
  display: flex;
  flex-direction: column;
  gap: 3px;
}
`,""]),o.d(e,{},{A:n})},314(r){r.exports=function(r){var e=[];return e.toString=function(){return this.map(function(e){var o="",t=void 0!==e[5];return e[4]&&(o+="@supports (".concat(e[4],") {")),e[2]&&(o+="@media ".concat(e[2]," {")),t&&(o+="@layer".concat(e[5].length>0?" ".concat(e[5]):""," {")),o+=r(e),t&&(o+="}"),e[2]&&(o+="}"),e[4]&&(o+="}"),o}).join("")},e.i=function(r,o,t,s,a){"string"==typeof r&&(r=[[null,r,void 0]]);var n={};if(t)for(var i=0;i<this.length;i++){var l=this[i][0];null!=l&&(n[l]=!0)}for(var p=0;p<r.length;p++){var c=[].concat(r[p]);t&&n[c[0]]||(void 0!==a&&(void 0===c[5]||(c[1]="@layer".concat(c[5].length>0?" ".concat(c[5]):""," {").concat(c[1],"}")),c[5]=a),o&&(c[2]&&(c[1]="@media ".concat(c[2]," {").concat(c[1],"}")),c[2]=o),s&&(c[4]?(c[1]="@supports (".concat(c[4],") {").concat(c[1],"}"),c[4]=s):c[4]="".concat(s)),e.push(c))}},e}},601(r){r.exports=function(r){return r[1]}},665(r,e,o){o.r(e);var t=o(72),s=o.n(t),a=o(825),n=o.n(a),i=o(659),l=o.n(i),p=o(56),c=o.n(p),d=o(540),h=o.n(d),u=o(113),f=o.n(u),v=o(646),g={};g.styleTagTransform=f(),g.setAttributes=c(),g.insert=l().bind(null,"head"),g.domAPI=n(),g.insertStyleElement=h(),s()(v.A,g);let b=v.A&&v.A.locals?v.A.locals:void 0;o.d(e,{},{default:b})},72(r){var e=[];function o(r){for(var o=-1,t=0;t<e.length;t++)if(e[t].identifier===r){o=t;break}return o}function t(r,t){for(var s={},a=[],n=0;n<r.length;n++){var i=r[n],l=t.base?i[0]+t.base:i[0],p=s[l]||0,c="".concat(l," ").concat(p);s[l]=p+1;var d=o(c),h={css:i[1],media:i[2],sourceMap:i[3],supports:i[4],layer:i[5]};if(-1!==d)e[d].references++,e[d].updater(h);else{var u=function(r,e){var o=e.domAPI(e);return o.update(r),function(e){e?(e.css!==r.css||e.media!==r.media||e.sourceMap!==r.sourceMap||e.supports!==r.supports||e.layer!==r.layer)&&o.update(r=e):o.remove()}}(h,t);t.byIndex=n,e.splice(n,0,{identifier:c,updater:u,references:1})}a.push(c)}return a}r.exports=function(r,s){var a=t(r=r||[],s=s||{});return function(r){r=r||[];for(var n=0;n<a.length;n++){var i=o(a[n]);e[i].references--}for(var l=t(r,s),p=0;p<a.length;p++){var c=o(a[p]);0===e[c].references&&(e[c].updater(),e.splice(c,1))}a=l}}},659(r){var e={};r.exports=function(r,o){var t=function(r){if(void 0===e[r]){var o=document.querySelector(r);if(window.HTMLIFrameElement&&o instanceof window.HTMLIFrameElement)try{o=o.contentDocument.head}catch(r){o=null}e[r]=o}return e[r]}(r);if(!t)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");t.appendChild(o)}},540(r){r.exports=function(r){var e=document.createElement("style");return r.setAttributes(e,r.attributes),r.insert(e,r.options),e}},56(r,e,o){r.exports=function(r){var e=o.nc;e&&r.setAttribute("nonce",e)}},825(r){r.exports=function(r){if("u"<typeof document)return{update:function(){},remove:function(){}};var e=r.insertStyleElement(r);return{update:function(o){var t,s,a;t="",o.supports&&(t+="@supports (".concat(o.supports,") {")),o.media&&(t+="@media ".concat(o.media," {")),(s=void 0!==o.layer)&&(t+="@layer".concat(o.layer.length>0?" ".concat(o.layer):""," {")),t+=o.css,s&&(t+="}"),o.media&&(t+="}"),o.supports&&(t+="}"),(a=o.sourceMap)&&"u">typeof btoa&&(t+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(a))))," */")),r.styleTagTransform(t,e,r.options)},remove:function(){var r;null===(r=e).parentNode||r.parentNode.removeChild(r)}}}},113(r){r.exports=function(r,e){if(e.styleSheet)e.styleSheet.cssText=r;else{for(;e.firstChild;)e.removeChild(e.firstChild);e.appendChild(document.createTextNode(r))}}}}]);
import type { Interval } from '@sumveil/learning';
import { html, type Markup, page, table } from '@sumveil/pages';
import { type Scores95, signed } from '../scores.ts';
import { aucPlot, gainPlot } from './auc-plots.ts';

export interface FirstRun {
  readonly scores: Scores95;
  readonly rounds: number;
  /** The AUC that the coordinator published for the last model, from summed histograms; null when it withheld it. */
  readonly coordinatorsAuc: number | null;
  readonly model: { readonly name: string; readonly version: number };
  /** Who was away in which round. */
  readonly dropped: readonly { readonly round: number; readonly count: number; readonly cohort: number }[];
  readonly localPolicy: object | undefined;
  readonly verified: boolean;
  readonly leaves: number;
  readonly seconds: number;
}

/**
 * The demo's own page, beside the coordinator's report: what each airline alone would have had. It holds numbers of single
 * tenants, which the coordinator never has (architecture.md, decision 12); only the demo is all airlines at once.
 */
export async function firstRunPage(run: FirstRun): Promise<string> {
  const [aucs, gains] = await Promise.all([aucPlot(run.scores), gainPlot(run.scores)]);
  const body = html`<header><p class="kicker">Sumveil, the first run</p><h1>${run.scores.airlines.length} airlines, one model, no record shown</h1>
<p>Does a wildlife strike damage the aircraft? Each airline trained on its own FAA reports; only masked sums left it. This page sets what each airline would have reached alone beside what all reached together.</p>
${facts(run)}</header>
${run.localPolicy ? smallCohort(run) : ''}
<h2>What it brought</h2>
${verdict(run.scores)}
<div class="plots">${aucs}${gains}</div>
<h2>The figures</h2>
<p class="muted">AUC with its 95 % interval in brackets; “with damage” counts the positive test rows, which the width of an interval hangs on most.</p>
${figures(run.scores)}
<h2>How it was computed</h2>
${method(run)}
<h2>Whose numbers these are</h2>
<p>Numbers of single airlines are on this page and nowhere else: the demo may read every airline’s folder, because it plays all of them. The coordinator saw sums only. Each airline’s own two numbers were computed a second time from its file and the exported model, and are exactly those its connector found.</p>
<h2>Beside this page</h2>
${files(run)}
<footer>Made by <code>./scripts/demo</code> in ${run.seconds.toFixed(1)} s. FAA Wildlife Strike Database, public records; the examples’ README says what was dropped and what leaks. Choices of the model were made on these records, so the figures are a check of the system, not an estimate for new airlines.</footer>`;
  return page({ title: 'Sumveil: the first run', body });
}

function facts({ scores, rounds, coordinatorsAuc }: FirstRun): Markup {
  const rows = scores.airlines.reduce((sum, one) => sum + one.trainRows + one.testRows, 0);
  return html`<dl class="facts"><div><dt>Airlines, reports of strikes</dt><dd>${scores.airlines.length} <small>${rows.toLocaleString('en-US')} rows</small></dd></div>
<div><dt>Training rounds</dt><dd>${rounds}</dd></div>
<div><dt>Federated AUC, all test rows</dt><dd>${(coordinatorsAuc ?? scores.all.federated.value).toFixed(4)}</dd></div>
<div><dt>Pooled AUC, all test rows</dt><dd>${scores.all.pooled.value.toFixed(4)}</dd></div></dl>`;
}

function smallCohort({ localPolicy, scores }: FirstRun): Markup {
  return html`<div class="warn"><strong>Small cohort</strong><ul><li>${scores.airlines.length} tenants are fewer than a connector accepts by itself. Each airline allowed it in its own local policy, <code>${JSON.stringify(localPolicy)}</code>; log and report say so. A sum over few hides each of them less.</li></ul></div>`;
}

function verdict({ airlines, means, all }: Scores95): Markup {
  const sure = airlines.filter((one) => one.gain.low > 0).length;
  const worse = airlines.filter((one) => one.gain.high < 0).length;
  const better = airlines.filter((one) => one.gain.value > 0).length;
  const fewest = Math.min(...airlines.map((one) => one.positives));
  const { value, low, high } = all.difference;
  const told = low <= 0 && high >= 0 ? 'no difference beyond chance' : 'a difference beyond chance';
  return html`<p><strong>Against pooled:</strong> AUC ${text(all.federated)} federated, ${text(all.pooled)} pooled, on all test rows together: ${told} (${signed(value)} [${signed(low)}, ${signed(high)}]).</p>
<p><strong>Against alone:</strong> the mean over airlines goes from <strong>${means.lone.toFixed(4)}</strong> alone to <strong>${means.federated.toFixed(4)}</strong> (pooled ${means.pooled.toFixed(4)}). ${better} of ${airlines.length} airlines gain, ${sure} of them beyond chance; ${worse === 0 ? 'none loses' : `${worse} lose`} beyond chance. With as few as ${fewest} strikes that did damage, an airline’s own test rows cannot tell a small gain from luck: that is what the wide intervals say.</p>`;
}

const text = ({ value, low, high }: Interval) => `${value.toFixed(4)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;

function figures({ airlines, means, all }: Scores95): Markup {
  const columns = [
    { title: 'Airline', line: true },
    { title: 'Rows: train + test', number: true },
    { title: 'With damage', number: true },
    { title: 'AUC alone', number: true },
    { title: 'AUC federated', number: true },
    { title: 'Gain', number: true },
    { title: 'AUC pooled', number: true },
  ];
  const rows = airlines.map((one) => [
    one.tenant,
    `${one.trainRows} + ${one.testRows}`,
    one.positives,
    html`${one.lone.value.toFixed(3)} <small>${range(one.lone)}</small>`,
    html`${one.federated.value.toFixed(3)} <small>${range(one.federated)}</small>`,
    html`${signed(one.gain.value)} <small>[${signed(one.gain.low)}, ${signed(one.gain.high)}]</small>`,
    one.pooled.value.toFixed(3),
  ]);
  const sum = (of: 'trainRows' | 'testRows' | 'positives') => airlines.reduce((total, one) => total + one[of], 0);
  const mean = [
    'Mean over airlines',
    '',
    '',
    means.lone.toFixed(3),
    means.federated.toFixed(3),
    signed(means.federated - means.lone),
    means.pooled.toFixed(3),
  ];
  const together = [
    'All test rows together',
    `${sum('trainRows')} + ${sum('testRows')}`,
    sum('positives'),
    '–',
    html`${all.federated.value.toFixed(3)} <small>${range(all.federated)}</small>`,
    '–',
    all.pooled.value.toFixed(3),
  ];
  return table(columns, [...rows, mean, together], '');
}

const range = ({ low, high }: Interval) => `[${low.toFixed(3)}, ${high.toFixed(3)}]`;

function method({ rounds, coordinatorsAuc, scores }: FirstRun): Markup {
  return html`<p><strong>Alone</strong>: the airline’s own model, same start, learning rate and number of steps (${rounds} × 20), on its own 60 % train rows. <strong>Federated</strong>: the model of the run. <strong>Pooled</strong>: trained on all train rows in one place, which only a demo can do. All three are scored on the airline’s own 40 % test rows.</p>
<p><strong>Intervals</strong> are those of DeLong, DeLong and Clarke-Pearson (Biometrics 44, 1988), two-sided, 95 %, AUC ± 1.96 standard errors cut to 0..1; a gain’s takes into account that both models rank the same rows. ${scores.airlines.length} intervals are looked at side by side: about one in twenty leaves its true value out by chance alone.</p>
<p>${coordinatorsAuc === null ? 'The coordinator withheld its AUC of the last model, because not all airlines were in the sum. It' : `The coordinator’s AUC (${coordinatorsAuc.toFixed(4)})`} comes from summed score histograms of 512 bins, the one of this page from the scores themselves (${scores.all.federated.value.toFixed(4)}).</p>`;
}

function files({ model, dropped, verified, leaves }: FirstRun): Markup {
  const away = dropped.map(({ round, count, cohort }) => `round ${round} without ${count} of ${cohort}`).join(', ');
  return html`<ul><li><a href="report.html">report.html</a>: the coordinator’s lineage report of ${model.name}, version ${model.version}: who approved, what was decided, how each round went${away ? ` (${away})` : ''}, where its time went.</li>
<li><a href="bundle.zip">bundle.zip</a> and <a href="trust.json">trust.json</a>: the evidence, ${leaves} leaves, ${verified ? 'verified' : html`<strong>NOT verified</strong>`} without network; once more with <code>npx sumveil audit verify bundle.zip --trust trust.json</code>.</li>
<li><a href="model.safetensors">model.safetensors</a>: the model.</li></ul>`;
}

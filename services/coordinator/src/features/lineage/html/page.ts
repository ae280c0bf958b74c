import { digest, html, type Markup, page } from '@sumveil/pages';
import type { LineageReport } from '../report.ts';
import { answers, figure, plural, scoredRound } from './answers.ts';
import { lineageGraph } from './lineage-graph.ts';
import { metricTitle, shownMetrics } from './metric-name.ts';
import { phasesSection } from './phases.ts';
import { convergencePlots, durationPlot, participationPlot } from './plots.ts';
import {
  approvalsSection,
  contributorsSection,
  decisionsSection,
  exceptionsSection,
  planSection,
  privacySection,
  roundsSection,
  trustSection,
} from './sections.ts';

/**
 * The lineage report as one page that prints: answers first, then plots, then what they rest on. It loads nothing and runs
 * nothing, so it can be opened offline and kept.
 */
export async function reportPage(report: LineageReport): Promise<string> {
  const plots = await plotsOf(report);
  const body = html`<header><p class="kicker">Sumveil lineage report</p><h1>${report.model}, version ${report.version}</h1>
<p>Model <code class="whole">${report.modelDigest}</code><br>produced in round ${report.producedInRound} of run ${digest(report.run.id)}, as of log size ${report.asOf.size}.</p>
${facts(report)}</header>
${warnings(report)}
<h2>Answers</h2>
${answers(report)}
<h2>How it went</h2>
<div class="plots">${plots}</div>
${roundsSection(report)}
${phasesSection(report)}
${contributorsSection(report)}
${approvalsSection(report)}
${decisionsSection(report)}
${exceptionsSection(report)}
${privacySection(report)}
${planSection(report)}
${trustSection(report)}
${limits()}
<footer>Statements follow from leaves of the log; numbers after “leaf” are their places. Metrics and plots are the platform’s word: the log holds their digests. Verify it without a network: <code>sumveil audit verify BUNDLE --trust FILE</code>, with the trust file of any tenant. Tenants and people appear by refs; no name and no value of a single tenant is in this report.</footer>`;
  return page({ title: `Lineage of ${report.model} version ${report.version}`, body });
}

async function plotsOf(report: LineageReport): Promise<Markup[]> {
  const { rounds, plan } = report;
  if (rounds.every((row) => row.outcome !== 'released')) return [];
  const [convergence, participation, durations] = await Promise.all([
    convergencePlots(rounds, plan.kind),
    participationPlot(rounds),
    durationPlot(rounds),
  ]);
  return [lineageGraph(report), ...convergence, participation, durations];
}

function facts(report: LineageReport): Markup {
  const released = report.rounds.filter((row) => row.outcome === 'released');
  const tenants = new Set(report.answers.contributors.map((row) => row.tenantRef)).size;
  const scored = scoredRound(report);
  const main = scored && shownMetrics([scored])[0];
  const { have, members, needs } = report.log;
  return html`<dl class="facts"><div><dt>Contributing tenants</dt><dd>${tenants}</dd></div>
<div><dt>Released ${plural(released.length, 'round')}</dt><dd>${released.length}</dd></div>
<div><dt>${main ? `Federated ${metricTitle(main)}` : 'Parameters'}</dt><dd>${main ? figure(scored.metrics![main]) : report.plan.stages.at(-1)!.parameters}</dd></div>
<div><dt>Witnesses of the log</dt><dd>${have} of ${members} <small>needs ${needs}</small></dd></div></dl>`;
}

function warnings({ warnings: list }: LineageReport): Markup | '' {
  if (list.length === 0) return '';
  return html`<div class="warn"><strong>Read this first</strong><ul>${list.map((line) => html`<li>${line}</li>`)}</ul></div>`;
}

/** Governance.md section 5, "Not proved". */
function limits(): Markup {
  return html`<h2>What this report does not prove</h2><p>That nothing happened which nobody submitted; that a submitted fact is true; that no two groups of witnesses, each too small for a quorum, were shown different logs; the time on the clock; what data a tenant really trained on.</p>`;
}

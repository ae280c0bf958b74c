import type { Leaf, LoggedLeaf } from '@sumveil/transparency';
import { describe, expect, it } from 'vitest';
import { decisionsOf } from './decisions.ts';
import { reportPage } from './html/page.ts';
import { roundsOf } from './rounds.ts';
import { sampleReport } from './testing/sample-report.ts';

describe('report page', () => {
  it('says the answers first and draws them, with nothing to load and nothing to run', async () => {
    const page = await reportPage(sampleReport());
    const [answers, plots, rounds] = ['<h2>Answers', '<h2>How it went', '<h2>Rounds'].map((title) =>
      page.indexOf(title),
    );
    expect(answers).toBeGreaterThan(0);
    expect(plots).toBeGreaterThan(answers!);
    expect(rounds).toBeGreaterThan(plots!);
    expect(page.match(/<svg/g)!.length).toBeGreaterThanOrEqual(6);
    expect(page).not.toMatch(/<script|<link|<img|@import|url\((?!#)/i);
    const addresses = [...page.matchAll(/https?:\/\/[^\s"'<)]+/g)].map(([address]) => address);
    expect(new Set(addresses)).toEqual(
      new Set(['http://www.w3.org/2000/svg', 'http://www.w3.org/1999/xlink'].filter((a) => addresses.includes(a))),
    );
    expect(page).toContain('10 in 7 rounds, 9 in 1 round');
    expect(page).toContain('witnesses 10 of 10 (needs 7)');
    expect(page).toContain('1 denied');
  });

  it('escapes whatever people could write into a name or a ticket', async () => {
    const hostile = '<img src=x onerror="alert(1)">';
    const base = sampleReport();
    const approvals = [{ ...base.answers.approvals[0]!, ticket: { system: 'x', id: hostile } }];
    const page = await reportPage(
      sampleReport({ plan: { ...base.plan, name: hostile }, answers: { ...base.answers, approvals } }),
    );
    expect(page).not.toContain('<img');
    expect(page).toContain('&#60;img src=x');
  });

  it('draws the lineage from the plan to this version, and says what is not in the record', async () => {
    const page = await reportPage(sampleReport());
    const order = [
      '>Plan<',
      '>Approvals<',
      '>Policy: start<',
      '>Grant<',
      '>round 1<',
      '>round 8<',
      '>v8<',
      '>promotion<',
    ];
    const places = order.map((title) => page.indexOf(title));
    for (const [i, place] of places.entries()) expect(place, order[i]).toBeGreaterThan(0);
    expect(page).toContain('1 denied, then allowed');
    expect(page).toContain('none in');
    const promoted = await reportPage(sampleReport({ promotion: { at: '2026-11-25T00:00:00.000Z', leaf: 415 } }));
    expect(promoted).toContain('>leaf 415<');
  });

  it('leaves out the middle of a long run, and keeps both ends', async () => {
    const rows = sampleReport().rounds;
    const many = Array.from({ length: 40 }, (_, i) => ({ ...rows[0]!, round: i + 1, version: i + 1 }));
    const page = await reportPage(sampleReport({ rounds: many, version: 40, producedInRound: 40 }));
    for (const shown of ['>round 1<', '>round 3<', '>…<', '>round 35<', '>round 40<']) expect(page).toContain(shown);
    expect(page).not.toContain('>round 20<');
  });

  it('gives every axis its unit, and accuracy its base rate', async () => {
    const page = await reportPage(sampleReport());
    const units = ['AUC (0 to 1, chance 0.5)', 'Accuracy (share of rows)', 'tenants (number)', 'duration (s)'];
    for (const title of units) expect(page).toContain(`>${title}<`);
    expect(page).toContain('base rate 0.8300');
    expect(page).toContain('Base rate 0.8300: the accuracy of always guessing the commoner class');
  });

  it('warns about small cohorts before anything else is read', async () => {
    const base = sampleReport();
    const page = await reportPage({ ...base, warnings: ['Small cohort in round 1: fewer tenants'] });
    expect(page.indexOf('Small cohort in round 1')).toBeLessThan(page.indexOf('<h2>Answers'));
  });

  it('shows who paused and resumed the run, why, and which guard the plan has switched off', async () => {
    const base = sampleReport();
    const at = '2026-11-24T09:00:00.000Z';
    const person = 'abcdefgh23456777';
    const interventions = [
      { what: 'run.paused', at, by: 'service', reason: 'guard.norm', leaf: 401 },
      {
        what: 'run.resumed',
        at,
        by: person,
        reason: 'looked-at',
        ticket: { system: 'platform', id: 'OPS-7' },
        leaf: 402,
      },
    ];
    const page = await reportPage({ ...base, answers: { ...base.answers, interventions } });
    for (const text of ['guard.norm', person, 'looked-at', 'platform OPS-7']) expect(page).toContain(text);
    expect(page).toContain('The plan switches off the guard of participation.');
  });

  it('is still a page when no round was released', async () => {
    const base = sampleReport({ rounds: [], ancestry: [] });
    const page = await reportPage({
      ...base,
      answers: { ...base.answers, contributors: [], decisions: [], approvals: [] },
    });
    expect(page).toContain('No round was opened.');
    expect(page).not.toContain('NaN');
  });
});

const digest = `sha256:${'ab'.repeat(32)}`;
const common = {
  v: 1,
  id: '01939000-0000-7000-8000-000000000001',
  actor: { kind: 'service', ref: 'c', via: 'w' },
  run: 'r',
  runSeq: 1,
  attempt: 0,
};

function roundLeaves(round: number, dropped: string[]): LoggedLeaf[] {
  const at = (second: number) => `2026-11-24T09:00:${String(second).padStart(2, '0')}.000Z`;
  const cohort = ['a', 'b', 'c'].map((letter) => letter.repeat(16));
  const leaves = [
    {
      type: 'round.opened',
      time: at(0),
      planHash: digest,
      modelHash: digest,
      grantDigest: digest,
      cohort,
      deadlineAt: at(9),
    },
    { type: 'phase.closed', time: at(2), phase: 'advertise', setSize: 3, listHash: digest, cause: 'all' },
    {
      type: 'phase.closed',
      time: at(5),
      phase: 'masked',
      setSize: 3 - dropped.length,
      listHash: digest,
      cause: dropped.length > 0 ? 'absent' : 'all',
    },
    { type: 'round.closed', time: at(7), survivors: 3 - dropped.length, dropped, phase: 'unmask' },
  ];
  return leaves.map((leaf, i) => ({ idx: 10 * round + i, leaf: { ...common, round, ...leaf } as unknown as Leaf }));
}

describe('rounds of a run', () => {
  const evaluation = (round: number, withheld = false) =>
    ({
      withheld,
      runId: 'r',
      round,
      modelDigest: digest,
      survivors: 3,
      metrics: withheld ? {} : { 'test.auc': 0.5 + round / 100 },
      digest,
    }) as never;

  it('carry phases with their durations, from one logged step to the next', () => {
    const [row] = roundsOf(roundLeaves(1, []), [evaluation(1)]);
    expect(row).toMatchObject({
      outcome: 'released',
      survivors: 3,
      invited: 3,
      seconds: 7,
      metrics: { 'test.auc': 0.51 },
    });
    expect(row!.phases.map(({ phase, seconds }) => [phase, seconds])).toEqual([
      ['advertise', 2],
      ['masked', 3],
      ['release', 2],
    ]);
  });

  it('give each decision its round by the leaf of the act that it allowed', () => {
    const decided = {
      action: 'startRound',
      effect: 'allow',
      cause: 'permit',
      reasons: ['round.allow'],
      bundle: digest,
    };
    const leaf = (decisionId: string) =>
      ({
        ...common,
        type: 'policy.decided',
        time: '2026-11-24T09:00:00.000Z',
        decisionId,
        ...decided,
      }) as unknown as Leaf;
    const opened = { ...roundLeaves(3, [])[0]!.leaf, decisionId: 'd-3' } as unknown as Leaf;
    const rows = decisionsOf([
      { idx: 1, leaf: leaf('d-0') },
      { idx: 2, leaf: leaf('d-3') },
      { idx: 3, leaf: opened },
    ]);
    expect(rows.map(({ round, leaf: place }) => [round, place])).toEqual([
      [null, 1],
      [3, 2],
    ]);
  });

  it('say that metrics are withheld where the coordinator keeps them back', () => {
    const leaves = [...roundLeaves(1, []), ...roundLeaves(2, ['c'.repeat(16)]), ...roundLeaves(3, [])];
    const rows = roundsOf(leaves, [evaluation(1), evaluation(2, true), evaluation(3)]);
    expect(rows.map((row) => [row.metrics !== null, row.metricsWithheld])).toEqual([
      [true, false],
      [false, true],
      [true, false],
    ]);
  });
});

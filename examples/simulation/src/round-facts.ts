import { flatten, initialModel, normOf, type RoundFacts, readModel, type Stage, stageKind } from '@sumveil/learning';
import { type Simulation, simulate } from './simulate.ts';

/**
 * What guards would see of a run, round by round. The norm of a mean update is that of the step it made: equal where the
 * server's learning rate is one, and otherwise in one proportion to it in all rounds.
 */
export async function roundFacts(simulation: Simulation): Promise<RoundFacts[]> {
  const stages = simulation.stages.flatMap((stage) => new Array<Stage>(stage.rounds).fill(stage));
  const norms: (number | null)[] = [];
  let before = initialModel(simulation.task);
  const { metrics } = await simulate({
    ...simulation,
    onRound(round, model) {
      const stage = stages[round - 1]!;
      norms.push(stageKind(stage) === 'train' ? stepNorm(stage, before, model) : null);
      before = model;
    },
  });
  const cohort = simulation.datasets.length;
  return norms.map((norm, i) => {
    const round = i + 1;
    const accepted = simulation.datasets.filter((_, tenant) => simulation.survives?.(tenant, round) ?? true).length;
    const loss = metrics.find((one) => one.round === round)?.metrics.train.loss ?? null;
    return { round, cohort, accepted, loss, norm };
  });
}

function stepNorm({ tensors }: Stage, before: Uint8Array, after: Uint8Array): number {
  const [from, to] = [before, after].map((model) => flatten(readModel(model!), tensors)) as [
    Float64Array,
    Float64Array,
  ];
  return normOf(to.map((value, i) => value - from[i]!));
}

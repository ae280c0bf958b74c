import { readAirlines } from './airlines.ts';
import { type Comparison, compareSeed } from './compare.ts';
import { SPLIT_SEED } from './task.ts';

/** Prints the table of README.md: `node examples/birdstrikes/src/compare-seeds.ts [last seed]`. */
const last = Number(process.argv[2] ?? 30);
const airlines = await readAirlines();
const show = (label: string | number, { federated, pooled, loneMean, federatedMean }: Comparison): void => {
  const figures = [federated, pooled, federated - pooled, loneMean, federated - loneMean, federatedMean];
  process.stdout.write(`| ${label} | ${figures.map((value) => value.toFixed(4)).join(' | ')} |\n`);
};

process.stdout.write(
  '| split seed | federated | pooled | federated - pooled | lone mean | federated - lone | federated mean |\n',
);
process.stdout.write('|---|---|---|---|---|---|---|\n');
for (let seed = 1; seed <= last; seed++) {
  show(seed === SPLIT_SEED ? `**${seed}**` : seed, await compareSeed(airlines, seed));
}

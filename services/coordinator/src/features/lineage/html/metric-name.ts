const names: Record<string, string> = {
  auc: 'AUC',
  accuracy: 'Accuracy',
  logLoss: 'Log loss',
  rmse: 'RMSE',
  loss: 'Loss',
  meanLoss: 'Mean loss',
};

/** `test.auc` → the part of the data and the metric; a name without a dot has no part. */
export function partOf(name: string): { part: string; metric: string } {
  const at = name.indexOf('.');
  return at < 0 ? { part: '', metric: name } : { part: name.slice(0, at), metric: name.slice(at + 1) };
}

export function metricName(metric: string): string {
  return names[metric] ?? metric;
}

export function metricTitle(name: string): string {
  const { part, metric } = partOf(name);
  return part ? `${metricName(metric)} (${part})` : metricName(metric);
}

/** Counts of rows are what metrics are divided by, not metrics; one that is undefined in every round says nothing. */
export function shownMetrics(rounds: readonly { metrics: Readonly<Record<string, number | null>> | null }[]): string[] {
  const names = new Set<string>();
  for (const { metrics } of rounds)
    for (const [name, value] of Object.entries(metrics ?? {}))
      if (value !== null && partOf(name).metric !== 'rows') names.add(name);
  return [...names].toSorted(readFirst);
}

const order = ['auc', 'accuracy', 'rmse', 'loss'];

/** Test before train, ranking before accuracy before loss: what generalises is read first. */
function readFirst(a: string, b: string): number {
  const rank = (name: string) => (order.indexOf(partOf(name).metric) + order.length) % order.length;
  return Number(b.startsWith('test.')) - Number(a.startsWith('test.')) || rank(a) - rank(b) || (a < b ? -1 : 1);
}

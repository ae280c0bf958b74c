import type { RoundEnd } from './verdict.ts';

/** A tenant whose connector was struck in this round. */
export interface Victim {
  readonly round: number;
  readonly idx: number;
}

/**
 * Whoever was lost without having been struck, and every round that was aborted although enough tenants were left: neither
 * coordinator nor database nor queue costs a tenant its place. A connector may still be on its way back in the `late` rounds
 * after the one in which it was struck.
 */
export function unexcused(
  { tenants, minCohort }: { readonly tenants: readonly unknown[]; readonly minCohort: number },
  rounds: readonly RoundEnd[],
  victims: readonly Victim[],
  late: 0 | 1,
): string[] {
  const most = tenants.length - minCohort;
  return rounds.flatMap(({ round, lost, codes }) => {
    const struck = new Set(
      victims.filter((one) => round - late <= one.round && one.round <= round).map(({ idx }) => idx),
    );
    const others = lost.filter((idx) => !struck.has(idx));
    return [
      ...(others.length > 0
        ? [`round ${round} lost tenants ${others.join(', ')}, whose connectors nobody had struck`]
        : []),
      ...(codes.length > 0 && struck.size <= most
        ? [`round ${round} was aborted (${codes.join(', ')}) with no more than ${struck.size} connectors struck`]
        : []),
    ];
  });
}

/** Public vocabularies of the plan: what a cell may say. Chosen from the FAA's own reporting form, not from one airline's rows. */
export const OTHER = 'other';

export const PHASES = ['Approach', 'Climb', 'Take-off run', 'Landing Roll', 'Descent'];
/** Taxi and Parked: the reference, all columns zero. */
export const GROUND = 'Ground';

export const SIZES = ['Small', 'Medium', 'Large'];
export const TIMES = ['Day', 'Night', 'Dusk', 'Dawn'];
export const SEASON_NAMES = ['winter', 'spring', 'summer', 'autumn'];

export const AIRCRAFT: readonly { family: string; pattern: RegExp }[] = [
  { family: 'B-727', pattern: /^B-727/ },
  { family: 'B-737', pattern: /^B-737/ },
  { family: 'B-747', pattern: /^B-747/ },
  { family: 'B-757', pattern: /^B-757/ },
  { family: 'B-767', pattern: /^B-767/ },
  { family: 'B-777', pattern: /^B-777/ },
  { family: 'DC-9 and MD-80', pattern: /^(DC-9|MD-[89])/ },
  { family: 'DC-8, DC-10, MD-11', pattern: /^(DC-|MD-11|L-10)/ },
  { family: 'A-320', pattern: /^A-3(19|20|21)/ },
  { family: 'A-300', pattern: /^A-3/ },
  { family: 'Fokker', pattern: /^FOKKER/ },
];

/** Kinds with at least thirty strikes in the file; the rest is `other`. */
export const SPECIES = [
  'Unknown bird - small',
  'Unknown bird - medium',
  'Unknown bird - large',
  'European starling',
  'Rock pigeon',
  'Mourning dove',
  'Canada goose',
  'Red-tailed hawk',
  'Ring-billed gull',
  'American kestrel',
  'American robin',
  'Killdeer',
  'Mallard',
  'Herring gull',
];

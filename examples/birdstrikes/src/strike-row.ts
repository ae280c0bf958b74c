import type { StrikeRecord } from './airlines.ts';
import { AIRCRAFT, GROUND, OTHER, PHASES, SPECIES } from './categories.ts';

/** Columns of a tenant's file, in order. */
export const COLUMNS = [
  'speed',
  'speedKnown',
  'phase',
  'size',
  'time',
  'season',
  'aircraft',
  'species',
  'damage',
] as const;

const SEASONS = [
  'winter',
  'winter',
  'spring',
  'spring',
  'spring',
  'summer',
  'summer',
  'summer',
  'autumn',
  'autumn',
  'autumn',
  'winter',
];

/** What an airline would keep of a strike for this model; one cell per column. Cost columns are never read. */
export function strikeRow(record: StrikeRecord): string[] {
  const speed = cell(record, 'Speed IAS in knots');
  return [
    speed,
    speed === '' ? 'no' : 'yes',
    phaseOf(cell(record, 'Phase of flight')),
    cell(record, 'Wildlife Size'),
    cell(record, 'Time of day'),
    seasonOf(cell(record, 'Flight Date')),
    aircraftFamily(cell(record, 'Aircraft Make Model')),
    speciesGroup(cell(record, 'Wildlife Species')),
    cell(record, 'Effect Amount of damage') === 'None' ? 'no' : 'yes',
  ];
}

function cell(record: StrikeRecord, column: string): string {
  const value = record[column];
  if (value === undefined) throw new Error(`The strike file has no column ${column}. Restore it from the repository.`);
  return value;
}

function phaseOf(phase: string): string {
  return PHASES.includes(phase) ? phase : GROUND;
}

/** From an ISO date; December belongs to winter. */
function seasonOf(date: string): string {
  const season = SEASONS[Number(date.slice(5, 7)) - 1];
  if (season === undefined) throw new Error('A flight date of the strike file is not YYYY-MM-DD.');
  return season;
}

/** Family of the aircraft: what decides about size, engines and their place. */
export function aircraftFamily(model: string): string {
  return AIRCRAFT.find(({ pattern }) => pattern.test(model))?.family ?? OTHER;
}

function speciesGroup(species: string): string {
  return SPECIES.includes(species) ? species : OTHER;
}

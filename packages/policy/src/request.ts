/** Cedar's JSON forms, as far as our schema uses them: no extension types, no null. */
export type CedarValue = boolean | number | string | EntityRef | CedarValue[] | { [key: string]: CedarValue };

export interface EntityId {
  readonly type: string;
  readonly id: string;
}

export type EntityRef = { __entity: EntityId };

export interface Entity {
  readonly uid: EntityId;
  readonly attrs: Readonly<Record<string, CedarValue>>;
  readonly parents: readonly EntityId[];
}

/** Everything a decision rests on. Its canonical bytes are the input that a report carries. */
export interface PolicyRequest {
  readonly principal: EntityId;
  readonly action: EntityId;
  readonly resource: EntityId;
  readonly context: Readonly<Record<string, CedarValue>>;
  readonly entities: readonly Entity[];
}

export type PolicyAction =
  | 'startRun'
  | 'startRound'
  | 'releaseAggregate'
  | 'promoteVersion'
  | 'rollbackVersion'
  | 'joinRound'
  | 'readLineage'
  | 'exportReport';

export function entityId(type: string, id: string): EntityId {
  return { type: `Sumveil::${type}`, id };
}

export function entityRef(type: string, id: string): EntityRef {
  return { __entity: entityId(type, id) };
}

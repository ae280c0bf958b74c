export type { CallAnswer, CallInput, CallOptions, RouteTable } from './call.ts';
export { type Client, type ClientOptions, createClient } from './client.ts';
export { type Credentials, clientCredentials } from './credentials.ts';
export { ClientError, type ClientErrorCode, type ClientFault } from './error.ts';

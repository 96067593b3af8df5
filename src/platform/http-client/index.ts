export { createHttpClient } from './client.ts'
export type { HttpClientOptions } from './client.ts'
export type { HttpAnswer, HttpClient, HttpFailure, HttpRequest } from './http.ts'

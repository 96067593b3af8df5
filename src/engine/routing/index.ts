export type { Host, NoRoute, Route, Routing } from './route.ts'

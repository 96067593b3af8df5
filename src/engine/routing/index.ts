export type { Addressed, Host, NoRoute, Route, Routed, Routing, RoutingNow } from './route.ts'
export { createRouting } from './routing.ts'
export { matchesDomain } from './static-route.ts'
export type { RoutingOptions } from './routing.ts'

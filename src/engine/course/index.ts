export { courseOf, finish } from './course.ts'
export type { Bound, Course, Finish, Said } from './course.ts'
export type { Pace } from './pace.ts'

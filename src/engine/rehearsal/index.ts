export { courseOf, finish } from './course.ts'
export type { Bound, Course, Finish, Pace, Said } from './course.ts'
export { rehearse } from './rehearse.ts'
export type { Part, Rehearsed, Share } from './rehearse.ts'

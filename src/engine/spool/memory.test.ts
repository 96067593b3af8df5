import { memorySpool } from './memory.ts'
import { spoolContract } from './spool.contract.ts'

spoolContract('memory', async () => {
  const spool = await memorySpool()
  return { spool, end: () => spool.close() }
})

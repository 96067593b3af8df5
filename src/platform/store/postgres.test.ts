import { testDatabase } from '../../../test/postgres.ts'

import { migrationContract } from './migration.contract.ts'
import { openPostgres } from './postgres.ts'

migrationContract('PostgreSQL', async () => {
  const schema = await testDatabase()
  const pool = openPostgres(schema.url, { name: 'test' })
  const end = async (): Promise<void> => {
    await pool.end()
    await schema.drop()
  }
  return { database: { engine: 'postgres', pool }, end }
})

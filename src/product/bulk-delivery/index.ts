export { openBulkDeliveries } from './bulk-delivery.ts'
export type { BulkChange, BulkDeliveries, BulkDelivery, BulkRecipient } from './bulk-delivery.ts'

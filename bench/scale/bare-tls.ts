/**
 * The least that a server in Node can be: greets and answers EHLO inside TLS, and knows nothing else. What its idle
 * connections cost is what no server in Node can do without. `node bench/scale/bare-tls.ts PORT`
 */

import { createServer } from 'node:tls'

import { selfSigned } from '#platform/tls'

const pem = selfSigned('hikyaku.bench.example', Date.now())

createServer({ cert: pem, key: pem, minVersion: 'TLSv1.2' }, (socket) => {
  socket.on('error', () => socket.destroy())
  socket.on('data', () => socket.write('250 hikyaku.bench.example\r\n'))
  socket.write('220 hikyaku.bench.example ESMTP\r\n')
}).listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 })

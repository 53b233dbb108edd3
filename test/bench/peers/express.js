// The plainest correct receiver of Twilio's status callbacks in Node.js: Express, the official middleware, pg, and one
// transaction for each webhook. It keeps id, body and reply, and moves the call's status on.
'use strict'

const express = require('express')
const { Pool } = require('pg')
const twilio = require('twilio')

const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: Number(process.env.CONNECTIONS) })
const reply = '{"success":true}'

// Named statements are prepared once for each connection.
const run = (client, name, text, values) => client.query({ name, text, values })

async function take(id, call, status, body) {
  const client = await pool.connect()
  try {
    const now = new Date()
    await client.query('BEGIN')
    const claim = await run(client, 'claim',
      'INSERT INTO plain_dedup (id, received_at) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id', [id, now])
    if (claim.rowCount === 0) {
      const kept = await run(client, 'kept', 'SELECT reply FROM plain_events WHERE id = $1', [id])
      await client.query('COMMIT')
      if (kept.rowCount === 0) throw new Error(`event ${id} is claimed and not there`)
      return false
    }
    const found = await run(client, 'lock', 'SELECT status FROM plain_calls WHERE id = $1 FOR UPDATE', [call])
    const next = found.rows[0].status === 'completed' ? 'completed' : status
    await run(client, 'move', 'UPDATE plain_calls SET status = $1, updated_at = $2 WHERE id = $3', [next, now, call])
    await run(client, 'keep',
      'INSERT INTO plain_events (id, call_id, body, reply, received_at) VALUES ($1, $2, $3, $4, $5)', [id, call, body, reply, now])
    await client.query('COMMIT')
    return true
  } catch (err) {
    await client.query('ROLLBACK').catch(() => {})
    throw err
  } finally {
    client.release()
  }
}

const app = express()
app.disable('x-powered-by')
app.get('/readyz', (req, res) => { res.send('') })
app.post('/api/webhooks/twilio/status',
  express.urlencoded({ extended: false, verify: (req, res, raw) => { req.raw = raw } }),
  twilio.webhook(process.env.AUTH_TOKEN, { protocol: 'https', host: process.env.PUBLIC_HOST }),
  async (req, res) => {
    const first = await take(`${req.body.CallSid}:status:${req.body.CallStatus}`, req.query.callId, req.body.CallStatus, req.raw)
    res.type('application/json').send(first ? reply : '{"success":true,"duplicate":true}')
  })

const server = app.listen(Number(process.env.PORT), '127.0.0.1')
server.keepAliveTimeout = 0 // the load's connections wait while others have their turn
process.on('SIGTERM', () => { server.closeAllConnections(); server.close(); pool.end().then(() => process.exit(0)) })

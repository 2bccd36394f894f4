// Tells Okta what changed in a DynamoDB table: the job that this repository's function does, as one
// would write it with Okta's SDK and the AWS SDK. See ../README.md.
import { createHash } from 'node:crypto';

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchWriteCommand, DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb';
import okta from '@okta/okta-sdk-nodejs';

const { USERS_TABLE, STATE_TABLE, OKTA_IDENTITY_SOURCE_ID: identitySourceId } = process.env;

const SCAN_SEGMENTS = 4;
const PER_WRITE = 25;
// Okta takes so many users in a request, and so many requests in a session.
const PER_REQUEST = 200;
const PER_SESSION = 50 * PER_REQUEST;
const IN_FLIGHT = 4;
// Okta opens a session at most every five minutes.
const SESSION_ATTEMPTS = 40;
const SESSION_PAUSE_MS = 10_000;

const dynamodb = DynamoDBDocumentClient.from(new DynamoDBClient({}));
// Both take where to and who from the environment.
const client = new okta.Client();
const source = client.identitySourceApi;

// --- From a record to Okta's profile

const ATTRIBUTES = [
  'id', 'active', 'email', 'first_name', 'last_name', 'cell', 'title', 'phone',
  'street_number', 'street_name', 'city', 'state', 'postcode', 'country',
];

// An attribute that is empty is null, which clears it at Okta.
const text = (...parts) => parts.filter(Boolean).join(' ').trim() || null;

const profileOf = user => ({
  userName: text(user.email),
  firstName: text(user.first_name),
  lastName: text(user.last_name),
  email: text(user.email),
  mobilePhone: text(user.cell),
  title: text(user.title),
  displayName: text(user.first_name, user.last_name),
  primaryPhone: text(user.phone),
  streetAddress: text(user.street_number, user.street_name),
  city: text(user.city),
  state: text(user.state),
  zipCode: text(user.postcode),
  countryCode: text(user.country),
});

const hashOf = profile => createHash('sha256').update(JSON.stringify(profile)).digest('base64');

// --- DynamoDB

// Calls `take` with every item of a table, of which only these attributes are read.
async function scan(table, attributes, take) {
  const names = Object.fromEntries(attributes.map((name, i) => [`#${i}`, name]));
  const segment = async Segment => {
    const pages = paginateScan({ client: dynamodb }, {
      TableName: table,
      ConsistentRead: true,
      ProjectionExpression: Object.keys(names).join(),
      ExpressionAttributeNames: names,
      Segment,
      TotalSegments: SCAN_SEGMENTS,
    });
    for await (const page of pages) page.Items.forEach(take);
  };
  await Promise.all(Array.from({ length: SCAN_SEGMENTS }, (_, i) => segment(i)));
}

async function write(entries) {
  let left = { [STATE_TABLE]: entries.map(Item => ({ PutRequest: { Item } })) };
  for (let pause = 50; Object.keys(left).length > 0; pause *= 2) {
    if (pause > 10_000) throw new Error(`DynamoDB throttles ${STATE_TABLE}`);
    if (pause > 50) await sleep(pause);
    const answer = await dynamodb.send(new BatchWriteCommand({ RequestItems: left }));
    left = answer.UnprocessedItems ?? {};
  }
}

// --- Okta

// The SDK's own method for this knows seven attributes, and drops those that were added to the app's
// profile: this is the SDK's way to call what it has no method for.
function upsert(sessionId, changed) {
  const profiles = changed.map(({ id, profile }) => ({ externalId: id, profile }));
  const url = `${client.baseUrl}/api/v1/identity-sources/${identitySourceId}/sessions/${sessionId}/bulk-upsert`;
  return client.http.postJsonNoContent(url, { body: { entityType: 'USERS', profiles } });
}

function deactivate(sessionId, gone) {
  const profiles = gone.map(({ id }) => ({ externalId: id }));
  const BulkDeleteRequestBody = { entityType: 'USERS', profiles };
  return source.uploadIdentitySourceDataForDelete({ identitySourceId, sessionId, BulkDeleteRequestBody });
}

async function openSession() {
  for (let attempt = 1; ; attempt++) {
    try {
      return await source.createIdentitySourceSession({ identitySourceId });
    } catch (error) {
      if (error.status !== 400 || attempt === SESSION_ATTEMPTS) throw error;
      await sleep(SESSION_PAUSE_MS);
    }
  }
}

// One session: loads everybody in it, starts the import, and remembers what Okta was told.
async function tell(changes) {
  const { id: sessionId } = await openSession();
  const gone = changes.filter(change => !change.profile);
  const changed = changes.filter(change => change.profile);
  const loads = [
    ...chunks(gone, PER_REQUEST).map(users => () => deactivate(sessionId, users)),
    ...chunks(changed, PER_REQUEST).map(users => () => upsert(sessionId, users)),
  ];
  await inParallel(loads, load => load());
  await source.startImportFromIdentitySource({ identitySourceId, sessionId });
  const entries = changes.map(({ id, hash }) => ({ pk: id, hash, active: hash !== null }));
  await inParallel(chunks(entries, PER_WRITE), write);
}

// --- The run

async function sync() {
  const known = new Map();
  await scan(STATE_TABLE, ['pk', 'hash', 'active'], entry => {
    if (entry.active) known.set(entry.pk, entry.hash);
  });

  const changes = [];
  let users = 0;
  await scan(USERS_TABLE, ATTRIBUTES, user => {
    users++;
    if (!user.active) return;
    const profile = profileOf(user);
    const hash = hashOf(profile);
    if (known.get(user.id) !== hash) changes.push({ id: user.id, profile, hash });
    known.delete(user.id);
  });
  const upserts = changes.length;
  // Whoever is left is inactive by now, or has vanished from the table.
  for (const id of known.keys()) changes.push({ id, profile: null, hash: null });

  for (const session of chunks(changes, PER_SESSION)) await tell(session);
  return { users, upserts, deactivations: changes.length - upserts };
}

const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));

function chunks(list, size) {
  const parts = [];
  for (let i = 0; i < list.length; i += size) parts.push(list.slice(i, i + size));
  return parts;
}

async function inParallel(list, work) {
  const iterator = list.values();
  const worker = async () => {
    for (const item of iterator) await work(item);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
}

console.log(JSON.stringify(await sync()));

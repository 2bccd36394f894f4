"""Tells Okta what changed in a DynamoDB table: the job that this repository's function does, as one
would write it with Okta's SDK and boto3. See ../README.md."""

import asyncio
import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor

import boto3
from okta.client import Client
from okta.errors.okta_api_error import OktaAPIError

USERS_TABLE = os.environ["USERS_TABLE"]
STATE_TABLE = os.environ["STATE_TABLE"]
SOURCE = os.environ["OKTA_IDENTITY_SOURCE_ID"]

SCAN_SEGMENTS = 4
# Okta takes so many users in a request, and so many requests in a session.
PER_REQUEST = 200
PER_SESSION = 50 * PER_REQUEST
IN_FLIGHT = 4
# Okta opens a session at most every five minutes.
SESSION_ATTEMPTS = 40
SESSION_PAUSE = 10

dynamodb = boto3.resource("dynamodb")

# --- From a record to Okta's profile

ATTRIBUTES = (
    "id", "active", "email", "first_name", "last_name", "cell", "title", "phone",
    "street_number", "street_name", "city", "state", "postcode", "country",
)  # fmt: skip


def text(*parts):
    """An attribute that is empty is null, which clears it at Okta."""
    return " ".join(part for part in parts if part).strip() or None


def profile_of(user):
    get = user.get
    return {
        "userName": text(get("email")),
        "firstName": text(get("first_name")),
        "lastName": text(get("last_name")),
        "email": text(get("email")),
        "mobilePhone": text(get("cell")),
        "title": text(get("title")),
        "displayName": text(get("first_name"), get("last_name")),
        "primaryPhone": text(get("phone")),
        "streetAddress": text(get("street_number"), get("street_name")),
        "city": text(get("city")),
        "state": text(get("state")),
        "zipCode": text(get("postcode")),
        "countryCode": text(get("country")),
    }


def hash_of(profile):
    return hashlib.sha256(json.dumps(profile).encode()).hexdigest()


# --- DynamoDB


def scan(table, attributes, take):
    """What `take` makes of every page of a table, of which only these attributes are read."""
    names = {f"#{i}": name for i, name in enumerate(attributes)}
    # The resource's client makes plain values of DynamoDB's, and may be used by several threads.
    paginator = dynamodb.meta.client.get_paginator("scan")

    def segment(number):
        pages = paginator.paginate(
            TableName=table,
            ConsistentRead=True,
            ProjectionExpression=",".join(names),
            ExpressionAttributeNames=names,
            Segment=number,
            TotalSegments=SCAN_SEGMENTS,
        )
        return [take(page["Items"]) for page in pages]

    with ThreadPoolExecutor(SCAN_SEGMENTS) as pool:
        return [made for pages in pool.map(segment, range(SCAN_SEGMENTS)) for made in pages]


def remember(changes):
    with dynamodb.Table(STATE_TABLE).batch_writer() as batch:
        for user_id, _, digest in changes:
            batch.put_item(Item={"pk": user_id, "hash": digest, "active": digest is not None})


# --- Okta


async def call(client, path, body=None):
    """The SDK's way to call what it has no method for. Its methods for sessions drop nulls and the
    attributes that were added to the app's profile, make nothing of the 201 that Okta answers a new
    session with, and write no blank between SSWS and the token."""
    executor = client.get_request_executor()
    url = f"/api/v1/identity-sources/{SOURCE}/sessions{path}"
    request, error = await executor.create_request("POST", url, body, keep_empty_params=True)
    if error is None:
        _, answer, error = await executor.execute(request)
    if error is not None:
        raise error
    return json.loads(answer) if answer else None


async def open_session(client):
    for attempt in range(1, SESSION_ATTEMPTS + 1):
        try:
            return (await call(client, ""))["id"]
        except OktaAPIError as error:
            if error.status != 400 or attempt == SESSION_ATTEMPTS:
                raise
            await asyncio.sleep(SESSION_PAUSE)


async def tell(changes):
    """One session: loads everybody in it, and starts the import."""
    gone = [{"externalId": user_id} for user_id, profile, _ in changes if not profile]
    changed = [{"externalId": user_id, "profile": profile} for user_id, profile, _ in changes if profile]
    loads = [("bulk-delete", part) for part in chunks(gone, PER_REQUEST)]
    loads += [("bulk-upsert", part) for part in chunks(changed, PER_REQUEST)]
    async with Client() as client:
        session = await open_session(client)
        slots = asyncio.Semaphore(IN_FLIGHT)

        async def load(kind, profiles):
            async with slots:
                await call(client, f"/{session}/{kind}", {"entityType": "USERS", "profiles": profiles})

        await asyncio.gather(*(load(kind, profiles) for kind, profiles in loads))
        await call(client, f"/{session}/start-import")


# --- The run


def sync():
    known = {}

    def take_entries(items):
        known.update((item["pk"], item["hash"]) for item in items if item["active"])

    scan(STATE_TABLE, ("pk", "hash", "active"), take_entries)

    def changed_of(items):
        changed, active = [], []
        for user in items:
            if not user.get("active"):
                continue
            profile = profile_of(user)
            digest = hash_of(profile)
            active.append(user["id"])
            if known.get(user["id"]) != digest:
                changed.append((user["id"], profile, digest))
        return len(items), changed, active

    users, changes, seen = 0, [], set()
    for count, changed, active in scan(USERS_TABLE, ATTRIBUTES, changed_of):
        users += count
        changes += changed
        seen.update(active)
    upserts = len(changes)
    # Whoever was not seen is inactive by now, or has vanished from the table.
    changes += [(user_id, None, None) for user_id in known if user_id not in seen]

    for session in chunks(changes, PER_SESSION):
        asyncio.run(tell(session))
        remember(session)
    return {"users": users, "upserts": upserts, "deactivations": len(changes) - upserts}


def chunks(items, size):
    return [items[i : i + size] for i in range(0, len(items), size)]


if __name__ == "__main__":
    print(json.dumps(sync()))

curl -X PATCH https://pro-import-api.blocket.se/v4/ad/moped-001 \
  -H "X-Auth-Token: YOUR_TOKEN" \
  -H "Content-Type: application/json" \
  -d '{
  "price": [{
    "type": "reduced",
    "amount": 32000,
    "currency": "SEK"
  }]
}'

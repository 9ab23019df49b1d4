curl -X POST https://pro-import-api.blocket.se/v4/ad \
  -H "X-Auth-Token: YOUR_TOKEN" \
  -H "Content-Type: application/json" \
  -d '{
  "source_id": "moped-001",
  "dealer_code": "YOUR_DEALER_CODE",
  "category_id": "1121",
  "body": "Excellent condition Yamaha Aerox moped, well maintained",
  "price": [{
    "type": "list",
    "amount": 35000,
    "currency": "SEK"
  }],
  "visible": true,
  "location": {
    "longitude": 18.0686,
    "latitude": 59.3293
  },
  "category_fields": {
    "body_type": "moped",
    "brand": "yamaha",
    "model": "aerox",
    "model_year": 2020,
    "registration_number": "ABC123",
    "condition": {
      "mileage": {
        "unit": "km",
        "value": 5000
      },
      "is_new_vehicle": false
    },
    "powertrain": {
      "transmission": "automatic",
      "fuels": ["gasoline"]
    }
  }
}'

"""V3 ads that tests share."""

from typing import Any

#: A simple ad, which is a vehicle in V4.
MOPED: dict[str, Any] = {
    "source_id": "moped-017",
    "dealer_code": "dealer-123",
    "category_id": 1121,
    "title": "Yamaha Aerox 2020",
    "body": "Fin moped",
    "price": [{"type": "list", "amount": 34900, "currency": "SEK"}],
    "visible": True,
    "location": {"longitude": 14.8, "latitude": 56.8},
    "category_fields": {},
}
#: An ad that is converted as it is.
CAR: dict[str, Any] = {
    **{name: MOPED[name] for name in ("source_id", "dealer_code", "body", "price", "visible", "location")},
    "category_id": 1020,
    "category_fields": {"body_type": "sedan", "brand": "volvo", "model": "v70", "model_year": 2015},
}
#: Answers to the questions about the moped, as people write them.
ANSWERS = {
    "/category_fields/brand": "Yamaha",
    "/category_fields/model": " Aerox ",
    "/category_fields/model_year": "2020",
    "/category_fields/registration_number": "abc 123",
    "/category_fields/condition/mileage": "1 540,5 mil",
    "/category_fields/powertrain/transmission": "Automat",
    "/category_fields/powertrain/fuels": "bensin, el",
}

curl -H "X-Auth-Token: YOUR_API_TOKEN" \
     https://api.blocket.se/pro-import-api/v4/ad

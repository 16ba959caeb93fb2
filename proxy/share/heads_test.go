package share_test

import "strings"

// heads are what real clients send, abridged in their values only.
var heads = map[string]string{
	"chrome": crlf(`GET /api/scores?league=1&_=1718000000000 HTTP/1.1
Host: scores.example.com
Connection: keep-alive
sec-ch-ua-platform: "Linux"
X-Requested-With: XMLHttpRequest
User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/134.0.0.0 Safari/537.36
Accept: application/json, text/javascript, */*; q=0.01
sec-ch-ua: "Chromium";v="134", "Not:A-Brand";v="24", "Google Chrome";v="134"
sec-ch-ua-mobile: ?0
Sec-Fetch-Site: same-origin
Sec-Fetch-Mode: cors
Sec-Fetch-Dest: empty
Referer: https://scores.example.com/
Accept-Encoding: gzip, deflate, br, zstd
Accept-Language: en-GB,en-US;q=0.9,en;q=0.8
Cookie: _ga=GA1.1.1; sid=0123456789abcdef; _ga_X=GS1.1; theme=dark
If-None-Match: W/"1a2b"
`),
	"firefox": crlf(`GET /me HTTP/1.1
Host: api.example.com
User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0
Accept: */*
Accept-Language: de,en-US;q=0.7,en;q=0.3
Accept-Encoding: gzip, deflate, br
Origin: https://app.example.com
Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.e30.abc
DNT: 1
Connection: keep-alive
Sec-Fetch-Dest: empty
Sec-Fetch-Mode: cors
Sec-Fetch-Site: same-site
Priority: u=4
Pragma: no-cache
Cache-Control: no-cache
TE: trailers
`),
	"safari": crlf(`GET /live.json HTTP/1.1
Host: example.com
Accept: text/event-stream
Sec-Fetch-Site: same-origin
Cache-Control: no-cache
Sec-Fetch-Mode: cors
User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15
Accept-Language: en-GB,en;q=0.9
Sec-Fetch-Dest: empty
Accept-Encoding: gzip, deflate
Connection: keep-alive
Last-Event-ID: a-b
`),
	"curl": crlf(`GET /x HTTP/1.1
Host: localhost:8080
User-Agent: curl/8.5.0
Accept: */*
Prefer: wait=30
`),
	"axios": crlf(`GET /items?since=5 HTTP/1.1
Accept: application/json, text/plain, */*
X-XSRF-TOKEN: 0f0f0f0f
X-Api-Key: k-1234567890
User-Agent: axios/1.7.2
Accept-Encoding: gzip, compress, deflate, br
Host: api.example.com
Connection: keep-alive
`),
	"go": crlf(`GET /x HTTP/1.1
Host: api.example.com
User-Agent: Go-http-client/1.1
Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
X-Tenant: blue
Accept-Encoding: gzip
`),
	"python": crlf(`GET /x?a=1&b=2 HTTP/1.1
Host: api.example.com
User-Agent: python-requests/2.32.3
Accept-Encoding: gzip, deflate
Accept: */*
Connection: keep-alive
Authorization: Basic dXNlcjpwYXNz
Cookie: session=abc
Cookie: csrftoken=def
`),
	"behind a proxy": crlf(`GET /x HTTP/1.0
Host: api.example.com
Connection: keep-alive
X-Real-IP: 192.0.2.7
X-Forwarded-For: 192.0.2.7, 198.51.100.1
X-Forwarded-Proto: https
X_Forwarded_Host: example.com
Forwarded: for=192.0.2.7
X-Amz-Cf-Id: abcdef
X-Forwarded-User: ann
`),
}

func crlf(s string) string { return strings.ReplaceAll(s+"\n", "\n", "\r\n") }

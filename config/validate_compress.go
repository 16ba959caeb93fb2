package config

import (
	"reflect"
	"slices"
)

// compress checks how answers are compressed.
func (v *validator) compress(route string, r *Route) {
	field, c, byDefault := route+".compress", r.Compress, DefaultRoute().Compress
	v.codings(field+".codings", c.Codings)
	chosen := len(c.Codings) > 0 && v.given(field+".codings", reflect.ValueOf(c.Codings), reflect.ValueOf(byDefault.Codings))
	private := c.Private || r.Share.ServesAnybody()
	switch {
	case !v.sound(route+".share") || !v.sound(field):
	case !private && chosen:
		v.wrong(field+".codings", noEffectUnlessPrivate, r.Share)
	case !private && c.Streams:
		v.wrong(field+".streams", noEffectUnlessPrivate, r.Share)
	case !private && r.WebSocket.Compress:
		v.wrong(route+".websocket.compress", noEffectUnlessPrivate, r.Share)
	}
	if chosen && !c.Streams && v.lacks(route, r, Poll, Longpoll) {
		v.wrong(field+".codings", "has no effect without poll or longpoll in serve; remove it, or add one of them, or streams: true for sse and ndjson")
	}
	v.compressPrivate(route, r)
	v.compressStreams(route, r)
}

// compressPrivate checks whether there are private answers, and anything to
// compress them with.
func (v *validator) compressPrivate(route string, r *Route) {
	field := route + ".compress"
	switch {
	case !r.Compress.Private:
	case r.Share == SharePublic:
		v.wrong(field+".private", "has no effect with share: public, where everybody may see everything; remove it")
	case len(r.Compress.Codings) == 0 && !r.WebSocket.Compress && v.sound(field+".codings"):
		v.wrong(field+".private", "has no effect where codings is empty; remove it, or add codings")
	}
}

const noEffectUnlessPrivate = "has no effect with share: %s; remove it, or add compress.private: true once no client can put text of its own into what another gets"

// codings checks which are offered.
func (v *validator) codings(field string, codings []Coding) {
	for i, c := range codings {
		if slices.Contains(codings[:i], c) {
			v.wrong(item(field, i), "%s is given twice; write it once", quote(string(c)))
			continue
		}
		word(v, item(field, i), c, Codings())
	}
}

// compressStreams checks whether there is a stream to compress, and anything to
// compress it with.
func (v *validator) compressStreams(route string, r *Route) {
	field := route + ".compress.streams"
	switch {
	case !r.Compress.Streams:
	case v.lacks(route, r, SSE, NDJSON):
		v.wrong(field, "has no effect without sse or ndjson in serve; remove it, or add one of them")
	case !slices.Contains(r.Compress.Codings, Zstd) && !slices.Contains(r.Compress.Codings, Gzip) && v.sound(route+".compress.codings"):
		v.wrong(field, "has no effect without zstd or gzip in codings; remove it, or add one of them")
	}
}

package legacy

import (
	"net/http"
	"strings"
	"time"
)

// Where a Site serves its origins.
const (
	ScoresPath  = "/api/scores"
	FriendsPath = "/api/friends"
	ChatPath    = "/api/chat/messages"
	RoomPath    = "/api/room/messages"
	CameraPath  = "/camera.jpg"
)

// Site is the legacy server of the demo: all five origins under one handler.
// Requests are counted by each origin; wrap the Site in Count for their sum.
type Site struct {
	Scores  *Scoreboard
	Friends *Friends
	Chat    *DirectChat
	Room    *GroupChat
	Camera  *Camera

	mux *http.ServeMux
}

// NewSite makes the five origins from the options. Without Options.Every each
// has its usual pace, and in the room there is a burst every 2 to 8 seconds.
func NewSite(o Options) *Site {
	room := o
	room.Every = o.Every.or(Pace{2 * time.Second, 8 * time.Second})
	s := &Site{
		Scores:  NewScoreboard(o),
		Friends: NewFriends(o),
		Chat:    NewDirectChat(o),
		Room:    NewGroupChat(room),
		Camera:  NewCamera(o),
		mux:     http.NewServeMux(),
	}
	s.mux.Handle(ScoresPath, s.Scores)
	s.mux.Handle(ScoresPath+"/", s.Scores)
	s.mux.Handle(FriendsPath, s.Friends)
	s.mux.Handle(CameraPath, s.Camera)
	s.mux.Handle("/api/chat/", http.StripPrefix("/api/chat", s.Chat))
	s.mux.Handle("/api/room/", http.StripPrefix("/api/room", s.Room))
	return s
}

// ServeHTTP answers from the origin at the path, or 404.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Mount serves the origin also at the prefix and everything below it, and
// returns the Counter of what comes that way alone; the origin's own Counter
// counts it as well. So one scoreboard can be shown once per transport, and
// what each transport costs the origin is known. A prefix that is taken panics.
//
//	sse := site.Mount("/sse", site.Scores)
func (s *Site) Mount(prefix string, origin http.Handler) *Counter {
	prefix = strings.TrimSuffix(prefix, "/")
	counter := Count(http.StripPrefix(prefix, origin), s.Scores.clock)
	s.mux.Handle(prefix, counter)
	s.mux.Handle(prefix+"/", counter)
	return counter
}

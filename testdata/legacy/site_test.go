package legacy_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/legacy"
)

func TestSiteServesAllOrigins(t *testing.T) {
	clock := newHandClock()
	site := legacy.NewSite(legacy.Options{Clock: clock.Now})
	clock.Advance(time.Minute)
	origin := serve(t, legacy.Count(site, clock.Now))
	for path, status := range map[string]int{
		legacy.ScoresPath: 200, legacy.ScoresPath + "/today?league=1": 200, legacy.FriendsPath: 200, legacy.CameraPath: 200,
		legacy.ChatPath + "?with=bob": 200, legacy.RoomPath: 200, legacy.RoomPath + "/1": 200, "/api": 404, "/": 404,
	} {
		if reply := origin.get(path, alice); reply.StatusCode != status {
			t.Errorf("%s: %d %s", path, reply.StatusCode, reply.body)
		}
	}
	wantStatus(t, origin.do("POST", legacy.RoomPath, `{"from":"ana","text":"hi"}`), http.StatusCreated)
	wantStatus(t, origin.do("POST", legacy.ChatPath, `{"to":"bob","text":"hi"}`, alice), http.StatusCreated)
	if counts := site.Room.Counts(); counts.Paths[legacy.RoomPath] != 2 || counts.Writes != 1 {
		t.Errorf("room: %+v", counts)
	}
	if writes := site.Chat.Writes(); len(writes) != 1 || writes[0].Path != legacy.ChatPath {
		t.Errorf("chat: %+v", writes)
	}
}

func TestSiteCountsEachMountByItself(t *testing.T) {
	site := legacy.NewSite(legacy.Options{Every: legacy.Never()})
	poll, sse := site.Mount("/poll", site.Scores), site.Mount("/sse/", site.Scores)
	origin := serve(t, site)
	for range 3 {
		wantStatus(t, origin.get("/poll/api/scores"), http.StatusOK)
	}
	wantStatus(t, origin.get("/sse"), http.StatusOK)
	wantStatus(t, origin.get("/api/scores"), http.StatusOK)
	if poll.Counts().Total != 3 || sse.Counts().Total != 1 || site.Scores.Counts().Total != 5 {
		t.Errorf("poll %d, sse %d, scoreboard %d", poll.Counts().Total, sse.Counts().Total, site.Scores.Counts().Total)
	}
	if paths := site.Scores.Counts().Paths; paths["/poll/api/scores"] != 3 {
		t.Errorf("the scoreboard counts %v", paths)
	}
}

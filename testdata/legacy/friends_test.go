package legacy_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/legacy"
)

func TestFriendsGivesEachUserHisOwnList(t *testing.T) {
	origin := serve(t, legacy.NewFriends(legacy.Options{}))
	alice := decode[legacy.FriendList](t, origin.get("/", "Authorization: Bearer alice"))
	bob := decode[legacy.FriendList](t, origin.get("/", "Cookie: theme=dark; sid=bob"))
	if alice.User != "alice" || bob.User != "bob" || len(alice.Friends) != 8 || slices.Equal(alice.Friends, bob.Friends) {
		t.Errorf("%+v\n%+v", alice, bob)
	}
	again := decode[legacy.FriendList](t, origin.get("/", "Cookie: sid=alice", "Authorization: bearer alice"))
	if !slices.Equal(alice.Friends, again.Friends) {
		t.Errorf("alice's friends are %v, then %v", alice.Friends, again.Friends)
	}
}

func TestFriendsAreNotToldToStrangers(t *testing.T) {
	origin := serve(t, legacy.NewFriends(legacy.Options{Validator: legacy.WeakETag}))
	for _, field := range []string{"X-Nobody: 1", "Authorization: Bearer ", "Authorization: Basic YWxpY2U6", "Cookie: sid=", "Cookie: sid=a b", "Authorization: Bearer a\"b"} {
		reply := origin.get("/", field)
		wantStatus(t, reply, http.StatusUnauthorized)
		if reply.Header.Get("WWW-Authenticate") != `Bearer realm="friends"` || reply.Header.Get("Cache-Control") != "private" {
			t.Errorf("%s: %v", field, reply.Header)
		}
	}
	wantStatus(t, origin.get("/", "Authorization: Basic x", "Cookie: sid=alice"), http.StatusUnauthorized)
}

func TestFriendsListIsPrivate(t *testing.T) {
	origin := serve(t, legacy.NewFriends(legacy.Options{}))
	if control := origin.get("/", "Cookie: sid=alice").Header.Get("Cache-Control"); control != "private" {
		t.Errorf("Cache-Control: %q", control)
	}
}

func TestFriendsComeAndGoAboutEveryMinute(t *testing.T) {
	clock := newHandClock()
	friends := legacy.NewFriends(legacy.Options{Clock: clock.Now})
	last, changes := friends.List("alice"), 0
	for range 60 * 60 {
		clock.Advance(time.Second)
		if list := friends.List("alice"); !slices.Equal(list.Friends, last.Friends) {
			last = list
			changes++
		}
	}
	if changes < 30 || changes > 90 {
		t.Errorf("alice's list changed %d times in an hour", changes)
	}
}

func TestFriendsSeeTheSameOfAPerson(t *testing.T) {
	clock := newHandClock()
	friends := legacy.NewFriends(legacy.Options{Clock: clock.Now})
	clock.Advance(time.Hour)
	seen := make(map[string]legacy.Friend)
	for _, user := range []string{"alice", "bob", "carol", "dave", "eve"} {
		for _, friend := range friends.List(user).Friends {
			if before, known := seen[friend.Name]; known && before != friend {
				t.Errorf("%s sees %+v, another %+v", user, friend, before)
			}
			seen[friend.Name] = friend
		}
	}
}

func TestFriendsFlipWhenTold(t *testing.T) {
	clock := newHandClock()
	friends := legacy.NewFriends(legacy.Options{Clock: clock.Now, Every: legacy.Never()})
	clock.Advance(time.Hour)
	before := friends.List("alice")
	if !friends.Flip(before.Friends[2].Name) || friends.Flip("nobody") {
		t.Error("Flip knows the wrong people")
	}
	after := friends.List("alice")
	if after.Friends[2].Online == before.Friends[2].Online || !after.UpdatedAt.Equal(clock.Now()) || after.Friends[1] != before.Friends[1] {
		t.Errorf("%+v\n%+v", before, after)
	}
}

func TestNobodyIsHisOwnFriend(t *testing.T) {
	friends := legacy.NewFriends(legacy.Options{})
	for _, friend := range friends.List("alice").Friends {
		for _, other := range friends.List(friend.Name).Friends {
			if other.Name == friend.Name {
				t.Errorf("%s is", friend.Name)
			}
		}
	}
}

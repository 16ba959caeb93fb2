package legacy

import (
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// friendsEach is how many of the people each user knows.
const friendsEach = 8

// Friends is a per-user origin: who of my friends is online. Each user knows 8
// of 24 people, chosen by the user's name, and sees the same of a person as
// every other friend does. It answers GET and HEAD on any path, with
// Cache-Control: private, and 401 to strangers.
type Friends struct {
	*Counter
	options Options

	mu     sync.Mutex // guards what follows
	beat   *beat
	rand   *rand.Rand
	people []Friend // by name
}

// FriendList is what a user gets. User is there so that a list in the wrong
// hands is visible.
type FriendList struct {
	User      string   `json:"user"`
	Friends   []Friend `json:"friends"` // by name
	UpdatedAt Instant  `json:"updated_at"`
}

// Friend is one person, and since when he or she is on- or offline.
type Friend struct {
	Name   string  `json:"name"`
	Online bool    `json:"online"`
	Since  Instant `json:"since"`
}

// NewFriends returns the origin. Options.Every is the pace at which one list
// changes, on average; usually 30 to 90 seconds.
func NewFriends(o Options) *Friends {
	o, start := o.filled(Pace{30 * time.Second, 90 * time.Second})
	f := &Friends{options: o, rand: o.random(whatStream)}
	for _, name := range peopleNames() {
		f.people = append(f.people, Friend{name, f.rand.IntN(2) == 0, Instant{start}})
	}
	perPerson := o.Every.dividedBy(len(f.people) / friendsEach)
	f.beat = newBeat(perPerson, o.random(whenStream), start)
	f.Counter = o.counted(readOnly(personal("friends", f.show)))
	return f
}

// List returns what the user would get now.
func (f *Friends) List(user string) FriendList {
	list := FriendList{User: user}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.catchUpLocked()
	for _, i := range f.friendsOf(user) {
		friend := f.people[i]
		list.Friends = append(list.Friends, friend)
		if friend.Since.After(list.UpdatedAt.Time) {
			list.UpdatedAt = friend.Since
		}
	}
	return list
}

// Flip makes the person of that name come or go now. It reports whether there
// is one; the names are those in the lists.
func (f *Friends) Flip(name string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.catchUpLocked()
	i := slices.IndexFunc(f.people, func(p Friend) bool { return p.Name == name })
	if i >= 0 {
		f.flipLocked(i, f.options.instant())
	}
	return i >= 0
}

func (f *Friends) catchUpLocked() {
	for at := range f.beat.passed(f.options.Clock()) {
		f.flipLocked(f.rand.IntN(len(f.people)), at)
	}
}

func (f *Friends) flipLocked(i int, at time.Time) {
	f.people[i].Online, f.people[i].Since = !f.people[i].Online, Instant{at}
}

// friendsOf is a function of the name alone, so that no list is stored and any
// number of users costs nothing. Nobody is a friend of himself.
func (f *Friends) friendsOf(user string) []int {
	hash := fnv.New64a()
	hash.Write([]byte(user))
	order := rand.New(rand.NewPCG(f.options.Seed, hash.Sum64())).Perm(len(f.people))
	order = slices.DeleteFunc(order, func(i int) bool { return strings.EqualFold(f.people[i].Name, user) })
	friends := order[:friendsEach]
	slices.Sort(friends)
	return friends
}

func (f *Friends) show(w http.ResponseWriter, r *http.Request, user string) {
	list := f.List(user)
	f.options.send(w, r, asJSON(list, list.UpdatedAt.Time))
}

func peopleNames() []string {
	return strings.Fields("Ana Boris Chidi Dalia Emeka Freya Goran Hana Ivo Jun Kofi Lena " +
		"Mateo Nadia Oskar Priya Quentin Rosa Samir Tove Umar Vera Wen Yara")
}

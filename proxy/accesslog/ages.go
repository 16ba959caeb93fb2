package accesslog

// ages is a list in the order of when its elements were last pushed. Those that are
// dropped are used again.
type ages[T any] struct {
	oldest, newest *aged[T]
	spare          *aged[T]
}

type aged[T any] struct {
	it           T
	older, newer *aged[T]
}

// begin pushes a new element, with the zero value.
func (l *ages[T]) begin() *aged[T] {
	e := l.spare
	if e == nil {
		e = new(aged[T])
	} else {
		l.spare = e.newer
		*e = aged[T]{}
	}
	l.push(e)
	return e
}

// renew makes an element the newest.
func (l *ages[T]) renew(e *aged[T]) {
	if l.newest != e {
		l.remove(e)
		l.push(e)
	}
}

// drop takes an element out for good.
func (l *ages[T]) drop(e *aged[T]) {
	l.remove(e)
	e.newer = l.spare
	l.spare = e
}

func (l *ages[T]) push(e *aged[T]) {
	e.older, e.newer = l.newest, nil
	if l.newest != nil {
		l.newest.newer = e
	} else {
		l.oldest = e
	}
	l.newest = e
}

func (l *ages[T]) remove(e *aged[T]) {
	if e.older != nil {
		e.older.newer = e.newer
	} else {
		l.oldest = e.newer
	}
	if e.newer != nil {
		e.newer.older = e.older
	} else {
		l.newest = e.older
	}
}

package observe

// compare compares what a client was given with what it would have been given.
func (l *lens) compare(r *resource, p *poll, a answer) {
	if a.token == 0 || p.token == 0 {
		return
	}
	l.account.compared++
	if a.token == p.token {
		l.account.same++
		if r.own {
			l.account.apart++
		}
		return
	}
	// As far as anybody can tell, the resource has changed in between.
	if rec := r.recordBefore(a); rec != nil {
		rec.add(a)
	}
}

// witness holds an answer against the records: what comes back was there all the
// time; and what its own client is not given any more may be gone.
func (l *lens) witness(r *resource, a answer) {
	for i, rec := range r.records {
		switch {
		case rec == nil || a.began.Before(rec.ended):
		case a.began.Sub(rec.ended) > l.policy.span():
			r.records[i] = nil
		case rec.token == a.token:
			rec.prove(a, func(o *other) {
				l.account.differing += o.weight
				l.names.blame(rec.fields, o.fields, a.fields)
			})
		case rec.isSameClient(a):
			r.records[i] = nil
		}
	}
	l.fill(r, a)
}

// isSameClient reports whether an answer was given to whoever was given the
// record's, as far as their requests tell.
func (r *record) isSameClient(a answer) bool { return r.who == a.who && a.who != 0 }

// ruleOut learns from two answers of which one came after the other. Where they
// are equal, nothing that differs in the requests makes them differ.
func (l *lens) ruleOut(r *resource, a answer) {
	if r.last.token == a.token {
		others := false
		diverge(r.last.fields, a.fields, func(name uint32) { others = l.names.spare(name) || others })
		if others {
			l.account.alike++
		}
	}
	r.last = a
}

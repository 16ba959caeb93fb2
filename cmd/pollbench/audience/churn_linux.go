package audience

import "time"

// churn is clients that come and go.
type churn struct{}

func (a *Audience) comeAndGo(time.Time) {}

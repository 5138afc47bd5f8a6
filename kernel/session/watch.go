package session

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/headstart-nb/headstart/kernel/session/comms"
	"github.com/headstart-nb/headstart/kernel/wire"
	"github.com/headstart-nb/headstart/magics"
)

// tellUnasked sends what is watched. It belongs to no request, so that it has no parent, and the kernel does not become busy.
func (s *Session) tellUnasked(ctx context.Context, comm string, data json.RawMessage) error {
	_ = s.Transport.Wait(ctx) // it has a limit of its own
	return s.publish(nil, commMsgType, wire.CommMsg{CommID: comm, Data: data})
}

// watch begins or ends what a comm is told about. Follow is to be called once the answer is sent.
func (s *Session) watch(ctx context.Context, r *request, comm, subject string, begin bool) (answer json.RawMessage, follow func(), err error) {
	nothing := func() {}
	if !begin {
		s.comms.Unwatch(r.arrival, comm, subject)
		return json.RawMessage(`{"watching":false}`), nothing, nil
	}
	work, err := s.watcher(ctx, subject)
	if err != nil || work == nil {
		return json.RawMessage(`{"watching":false}`), nothing, err
	}
	answer, err = wire.Marshal(map[string]any{"watching": true, "seconds": int(comms.Lease / time.Second)})
	if err != nil {
		return nil, nothing, err
	}
	watching, done, err := s.comms.Watch(ctx, r.arrival, comm, subject)
	switch {
	case errors.Is(err, comms.ErrOvertaken):
		return answer, nothing, nil
	case err != nil:
		return nil, nothing, err
	}
	return answer, func() {
		go func() {
			defer done()
			if err := s.teller.Follow(watching, comm, subject, work); err != nil {
				s.Log.Error("the end of a watch could not be sent", "subject", subject, "error", err)
			}
		}()
	}, nil
}

// watcher finds what tells about a subject; nil where it must be asked.
func (s *Session) watcher(ctx context.Context, subject string) (comms.Watcher, error) {
	if subject == comms.UsageSubject {
		if s.Usage == nil {
			return nil, nil
		}
		return s.teller.Usage(s.Usage, s.running.any, s.patience.usage), nil
	}
	magic, err := s.loadedMagic(ctx, subject)
	if err != nil {
		return nil, err
	}
	if w, ok := magic.(magics.Watcher); ok {
		return w.Watch, nil
	}
	return nil, nil
}

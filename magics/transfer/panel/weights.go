package panel

import (
	"context"
	"time"

	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/weights"
)

// hubPatience is how long a page waits to hear whether weights can be fetched.
const hubPatience = 4 * time.Second

// weightsAnswer is what the extension's wizard asks of %model before there is a notebook.
type weightsAnswer struct {
	Weights []weightsPresence `json:"weights"`
}

type weightsPresence struct {
	Name     string           `json:"name"`
	Presence weights.Presence `json:"presence"`
	Bytes    int64            `json:"bytes"`
}

// findWeights says where the published weights can be had. Those that are not of the hub are left out: the wizard does not offer them, and
// opening it asks no further servers.
func findWeights(ctx context.Context, _ struct{}) (any, error) {
	ctx, cancel := context.WithTimeout(ctx, hubPatience)
	defer cancel()
	var answer weightsAnswer
	for _, s := range resnet.Sets() {
		if _, ok := s.File.(weights.HubFile); !ok {
			continue
		}
		answer.Weights = append(answer.Weights, weightsPresence{s.Name, s.Presence(ctx, resnet.DefaultOptions()), s.File.Bytes()})
	}
	return answer, nil
}

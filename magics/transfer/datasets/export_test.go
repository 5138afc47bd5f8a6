package datasets

// MIMEClean is what the notebook extension draws.
const MIMEClean = mimeClean

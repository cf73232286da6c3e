"""What deploys on AWS: one zip for each kind of function, and the template that names them."""

"""Methods of the client by what they are about; recsys.client.Client has all of them."""
